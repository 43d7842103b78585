import test from 'ava';
import { canonical } from '../../../src/domain/money.ts';
import { noUsage } from '../../../src/domain/price-list/usage.ts';
import type { CallSize } from '../../../src/domain/route/cost.ts';
import { costBound } from '../../../src/domain/route/cost.ts';

const prices = { input: '1', cachedInput: '0.5', output: '3', audioInput: '6', audioOutput: '20' };
const boundOf = (size: CallSize, more: Partial<typeof prices> = {}) => {
  const bound = costBound({ currency: 'USD', prices: { ...prices, ...more } }, size);
  return bound && canonical(bound);
};
const size = { inputTokens: 110, outputTokens: 10 };

test('what may be spoken costs at most the dearer of what is written and spoken', (t) => {
  t.is(boundOf(size), '0.00014');
  t.is(boundOf({ ...size, speaks: true }), '0.00031');
  t.is(boundOf({ ...size, speaks: true }, { audioOutput: '2' }), '0.00014');
});

test('what is heard costs its own price, or nobody knows what', (t) => {
  const hears = { ...size, atMost: () => ({ ...noUsage, input: 10, audioInput: 100 }) };
  t.is(boundOf(hears), '0.00064');
  const { audioInput: _, ...ofText } = prices;
  t.is(costBound({ currency: 'USD', prices: ofText }, hears), undefined);
});

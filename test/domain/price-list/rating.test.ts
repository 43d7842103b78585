import test from 'ava';
import fc from 'fast-check';
import { canonical, money, sum } from '../../../src/domain/money.ts';
import type { Prices } from '../../../src/domain/price-list/events.ts';
import {
  dearestInput,
  dearestOutput,
  dearestSpoken,
  explain,
  isPriced,
  perRequest,
  rate,
} from '../../../src/domain/price-list/rating.ts';
import type { Usage } from '../../../src/domain/price-list/usage.ts';
import { inputOf, outputOf, usageClasses } from '../../../src/domain/price-list/usage.ts';

const prices = { input: '2.5', cachedInput: '1.25', output: '10' };
const usage = { input: 1000, cachedInput: 200, output: 30, reasoning: 12 };

test('each class is charged at its price, reasoning at the output’s', (t) => {
  t.is(canonical(rate(usage, prices)), '0.00317');
});

test('the explanation adds up to the charge', (t) => {
  t.deepEqual(explain(usage, prices), [
    { class: 'input', pricedAs: 'input', count: 1000, price: '2.5', amount: '0.0025' },
    {
      class: 'cachedInput',
      pricedAs: 'cachedInput',
      count: 200,
      price: '1.25',
      amount: '0.00025',
    },
    { class: 'output', pricedAs: 'output', count: 30, price: '10', amount: '0.0003' },
    { class: 'reasoning', pricedAs: 'output', count: 12, price: '10', amount: '0.00012' },
  ]);
});

test('the bound takes the dearest class an input token can fall into', (t) => {
  t.is(canonical(dearestInput({ ...prices, cachedInput: '3' })), '0.000003');
});

test('a class with a price of its own is charged at that, and a call at its own beside', (t) => {
  const own = { ...prices, cacheWrite: '3', reasoning: '20', request: '0.002' };
  const used = { ...usage, cacheWrite: 100 };
  t.is(canonical(rate(used, prices)), '0.00342');
  t.is(canonical(rate(used, own)), '0.00559');
  t.deepEqual(
    explain(used, own).map(({ class: of, pricedAs, amount }) => [of, pricedAs, amount]),
    [
      ['input', 'input', '0.0025'],
      ['cachedInput', 'cachedInput', '0.00025'],
      ['cacheWrite', 'cacheWrite', '0.0003'],
      ['output', 'output', '0.0003'],
      ['reasoning', 'reasoning', '0.00024'],
      ['request', 'request', '0.002'],
    ],
  );
});

test('a call that consumed nothing is free, whatever a call costs', (t) => {
  const none = { input: 0, cachedInput: 0, output: 0, reasoning: 0 };
  t.is(canonical(rate(none, { ...prices, request: '5' })), '0');
  t.deepEqual(explain(none, { ...prices, request: '5' }), []);
});

const Count = fc.nat(1_000_000);
const Price = fc
  .tuple(fc.nat(999), fc.nat(999_999))
  .map(([whole, part]) => canonical(money(`${whole}.${String(part).padStart(6, '0')}`)));
const anyUsage: fc.Arbitrary<Usage> = fc.record(
  { input: Count, cachedInput: Count, output: Count, reasoning: Count, cacheWrite: Count },
  { requiredKeys: ['input', 'cachedInput', 'output', 'reasoning'] },
);
const anyPrices: fc.Arbitrary<Prices> = fc.record(
  {
    ...{ input: Price, cachedInput: Price, output: Price },
    ...{ cacheWrite: Price, reasoning: Price, request: Price },
  },
  { requiredKeys: ['input', 'cachedInput', 'output'] },
);

test('the lines sum to the charge, and no charge is beyond its bound', (t) => {
  fc.assert(
    fc.property(anyUsage, anyPrices, (used, list) => {
      const charge = rate(used, list);
      t.is(
        canonical(sum(explain(used, list).map(({ amount }) => money(amount)))),
        canonical(charge),
      );
      const bound = dearestInput(list)
        .times(inputOf(used))
        .plus(dearestOutput(list).times(outputOf(used)))
        .plus(perRequest(list));
      t.true(charge.lte(bound));
    }),
  );
});

test('an answer that may be spoken is bound by the dearer of what it may be', (t) => {
  fc.assert(
    fc.property(anyUsage, Count, anyPrices, Price, (text, audioOutput, list, spoken) => {
      const sold = { ...list, audioOutput: spoken };
      const used = { ...text, input: 0, cachedInput: 0, cacheWrite: 0, audioOutput };
      const bound = dearestSpoken(sold).times(outputOf(used)).plus(perRequest(sold));
      t.true(rate(used, sold).lte(bound));
      t.true(dearestSpoken(list).eq(dearestOutput(list)));
    }),
  );
});

test('what is sold by the piece costs its price a piece, sounds and pictures their tokens', (t) => {
  const list: Prices = {
    ...prices,
    ...{ audioInput: '6', audioOutput: '12', imageInput: '8', imageOutput: '30' },
    ...{ image: '0.04', second: '0.0001', character: '0.000015', request: '0.001' },
  };
  const used: Usage = {
    ...{ input: 0, cachedInput: 0, output: 0, reasoning: 0 },
    ...{ audioInput: 100, audioOutput: 10, imageInput: 1_000, imageOutput: 4_160 },
    ...{ images: 2, seconds: 61, characters: 7 },
  };
  t.deepEqual(
    explain(used, list).map(({ class: of, pricedAs, amount }) => [of, pricedAs, amount]),
    [
      ['audioInput', 'audioInput', '0.0006'],
      ['audioOutput', 'audioOutput', '0.00012'],
      ['imageInput', 'imageInput', '0.008'],
      ['imageOutput', 'imageOutput', '0.1248'],
      ['images', 'image', '0.08'],
      ['seconds', 'second', '0.0061'],
      ['characters', 'character', '0.000105'],
      ['request', 'request', '0.001'],
    ],
  );
  t.is(canonical(rate(used, list)), '0.220725');
  t.is(inputOf(used) + outputOf(used), 5_270);
});

test('a class without a price is never free', (t) => {
  for (const each of usageClasses) {
    const used = { ...{ input: 0, cachedInput: 0, output: 0, reasoning: 0 }, [each]: 1 };
    const isText = ['input', 'cachedInput', 'cacheWrite', 'output', 'reasoning'].includes(each);
    t.is(isPriced(used, prices), isText, each);
    if (!isText) t.throws(() => rate(used, prices), { instanceOf: RangeError });
  }
});

test('pieces alone are something, and nothing is nothing', (t) => {
  const none = { input: 0, cachedInput: 0, output: 0, reasoning: 0 };
  t.is(canonical(rate({ ...none, seconds: 1 }, { ...prices, second: '0.1', request: '1' })), '1.1');
  t.is(canonical(rate({ ...none, seconds: 0 }, { ...prices, request: '1' })), '0');
});

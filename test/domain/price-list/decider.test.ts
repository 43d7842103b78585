import test from 'ava';
import type { PublishPriceList } from '../../../src/domain/price-list/decider.ts';
import { priceList } from '../../../src/domain/price-list/decider.ts';
import { fold, given } from '../../support/given.ts';

const at = '2026-01-01T00:00:00.000Z';
const publish = (input: string): PublishPriceList => ({
  type: 'PublishPriceList',
  alias: 'demo',
  currency: 'CNY',
  prices: { input, cachedInput: '1', output: '3' },
  defaultMaxOutput: 4096,
  at,
});
const { type: _, at: effectiveAt, ...terms } = publish('1');
const published = {
  type: 'PriceListPublished' as const,
  data: { ...terms, version: 1, effectiveAt },
};

test('a first price list has version one', (t) => {
  given(priceList)(t).when(publish('1')).yields(published);
});

test('publishing what stands changes nothing', (t) => {
  given(priceList, published)(t).when(publish('1')).yields();
});

test('other terms are a new version', (t) => {
  given(priceList, published)(t).when(publish('2')).yieldsTypes('PriceListPublished');
  t.is(fold(priceList, priceList.decide(publish('2'), fold(priceList, [published]))).version, 2);
});

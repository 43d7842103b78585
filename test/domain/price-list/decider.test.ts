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

test('a price that is told apart is another term', (t) => {
  const apart = { ...publish('1'), prices: { ...publish('1').prices, reasoning: '3' } };
  given(priceList, published)(t).when(apart).yieldsTypes('PriceListPublished');
});

test('a list may begin later; one that was to begin before now begins now', (t) => {
  const begins = (effectiveAt: string) => {
    const [event] = priceList.decide(
      { ...publish('2'), effectiveAt },
      fold(priceList, [published]),
    );
    return event?.type === 'PriceListPublished' ? event.data.effectiveAt : undefined;
  };
  t.is(begins('2026-05-01T00:00:00.000Z'), '2026-05-01T00:00:00.000Z');
  t.is(begins('2025-05-01T00:00:00.000Z'), at);
});

test('the same terms again change nothing, unless others were to begin meanwhile', (t) => {
  const later = '2026-05-01T00:00:00.000Z';
  const dearer = { ...publish('2'), effectiveAt: later };
  const scheduled = priceList.decide(dearer, fold(priceList, [published]));
  given(
    priceList,
    published,
    ...scheduled,
  )(t)
    .when(dearer)
    .yields();
  given(
    priceList,
    published,
    ...scheduled,
  )(t)
    .when({ ...publish('2'), at: '2026-02-01T00:00:00.000Z' })
    .yieldsTypes('PriceListPublished');
});

test('other terms are a new version', (t) => {
  given(priceList, published)(t).when(publish('2')).yieldsTypes('PriceListPublished');
  t.is(fold(priceList, priceList.decide(publish('2'), fold(priceList, [published]))).version, 2);
});

const origin = {
  ...{ catalogue: 'prices@1', provider: 'acme', model: 'plain' },
  ...{ rate: '7', markup: '1' },
};

test('an imported list says what it was made of, and gives way to one that was written by hand', (t) => {
  const imported = { ...publish('2'), origin };
  given(priceList)(t)
    .when(imported)
    .yields({ ...published, data: { ...published.data, prices: imported.prices, origin } });
  given(priceList, published)(t).when(imported).yields();
  given(
    priceList,
    published,
  )(t)
    .when({ ...imported, replace: true })
    .yieldsTypes('PriceListPublished');
  const first = priceList.decide({ ...publish('1'), origin }, priceList.initialState);
  given(
    priceList,
    ...first,
  )(t)
    .when(imported)
    .yieldsTypes('PriceListPublished');
  given(
    priceList,
    ...first,
  )(t)
    .when(publish('2'))
    .yieldsTypes('PriceListPublished');
});

const withdrawn = { type: 'AliasWithdrawn' as const, data: { alias: 'demo', version: 1 } };

test('what is for sale is withdrawn once, and what never was is not', (t) => {
  const withdraw = { type: 'WithdrawAlias', alias: 'demo' } as const;
  given(priceList, published)(t).when(withdraw).yields(withdrawn);
  given(priceList, published, withdrawn)(t).when(withdraw).yields();
  given(priceList)(t).when(withdraw).yields();
});

test('the same price after a withdrawal is a new version', (t) => {
  given(
    priceList,
    published,
    withdrawn,
  )(t)
    .when(publish('1'))
    .yields({ ...published, data: { ...published.data, version: 2 } });
  const again = priceList.decide(publish('1'), fold(priceList, [published, withdrawn]));
  given(
    priceList,
    published,
    withdrawn,
    ...again,
  )(t)
    .when({ type: 'WithdrawAlias', alias: 'demo' })
    .yields({ ...withdrawn, data: { ...withdrawn.data, version: 2 } });
});

test('an import puts nothing on sale again, unless it is to', (t) => {
  const imported = { ...published, data: { ...published.data, origin } };
  const again = { ...publish('2'), origin };
  given(priceList, imported, withdrawn)(t).when(again).yields();
  given(
    priceList,
    imported,
    withdrawn,
  )(t)
    .when({ ...again, replace: true })
    .yieldsTypes('PriceListPublished');
});

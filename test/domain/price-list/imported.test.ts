import test from 'ava';
import fc from 'fast-check';
import { canonical, Decimal, money, Price } from '../../../src/domain/money.ts';
import type { ListedModel } from '../../../src/domain/price-list/imported.ts';
import { importedPrices } from '../../../src/domain/price-list/imported.ts';

const listed = (prices: ListedModel['prices'], byHour = false): ListedModel => ({
  ...{ provider: 'acme', model: 'plain', prices, byHour },
});
const plain = { input_mtok: '2.5', output_mtok: '10' };
const terms = { rate: '7.1', markup: '1.2', without: [] };

test('prices are the catalogue’s times rate and markup, costs times the rate alone', (t) => {
  const all = {
    ...plain,
    cache_read_mtok: '0.25',
    cache_write_mtok: '3.75',
    output_reasoning_mtok: '12',
    requests_kcount: '5',
  };
  t.deepEqual(importedPrices(listed(all), terms), {
    ok: true,
    prices: {
      input: '21.3',
      cachedInput: '2.13',
      cacheWrite: '31.95',
      output: '85.2',
      reasoning: '102.24',
      request: '0.0426',
    },
    cost: {
      input: '17.75',
      cachedInput: '1.775',
      cacheWrite: '26.625',
      output: '71',
      reasoning: '85.2',
      request: '0.0355',
    },
    rounded: [],
  });
});

test('without a price of its own what a cache had costs what input costs', (t) => {
  const imported = importedPrices(listed(plain), { ...terms, rate: '1', markup: '1' });
  t.like(imported, {
    prices: { input: '2.5', cachedInput: '2.5', output: '10' },
    cost: { cachedInput: '2.5' },
  });
});

test('what a call can’t consume is left out, and what is not sold', (t) => {
  const more = { input_audio_mtok: '40', web_searches_kcount: '10', output_image_mtok: null };
  t.like(importedPrices(listed({ ...plain, ...more }), terms), { ok: true });
  const writes = listed({ ...plain, cache_write_1h_mtok: '6' });
  const without = ['cache_write_1h_mtok'];
  t.like(importedPrices(writes, { ...terms, without }), { ok: true });
});

for (const [why, model, classes] of [
  ['by_hour', listed(plain, true), []],
  ['by_size', listed({ input_mtok: null, output_mtok: null }), ['input_mtok', 'output_mtok']],
  ['other_classes', listed({ ...plain, cache_write_1h_mtok: '6' }), ['cache_write_1h_mtok']],
  ['not_by_token', listed({ input_mtok: '0.02' }), ['input_mtok']],
] as const) {
  test(`what a price list can’t say exactly is not imported: ${why}`, (t) => {
    t.deepEqual(importedPrices(model, terms), { ok: false, why, classes: [...classes] });
  });
}

const written = (decimals: number) =>
  fc
    .tuple(fc.nat(999_999), fc.nat(10 ** decimals - 1))
    .map(([whole, part]) =>
      canonical(new Decimal(`${whole}.${String(part).padStart(decimals, '0')}`)),
    );

test('a price is exact, or the next above that has six decimals, and then it says so', (t) => {
  fc.assert(
    fc.property(written(9), written(6), written(6), (price, rate, markup) => {
      const imported = importedPrices(listed({ ...plain, input_mtok: price }), {
        ...{ rate, markup, without: [] },
      });
      if (!imported.ok) return t.fail();
      const exact = money(price).times(money(rate)).times(money(markup));
      const { input } = imported.prices;
      t.is(Price.parse(input), input);
      t.true(money(input).gte(exact));
      t.true(money(input).minus(exact).lt('0.000001'));
      const isExact = money(input).eq(exact);
      const costIsExact = money(imported.cost.input).eq(money(price).times(money(rate)));
      t.is(imported.rounded.includes('input_mtok'), !(isExact && costIsExact));
    }),
  );
});

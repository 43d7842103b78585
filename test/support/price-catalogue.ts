import type { PriceCatalogue } from '../../src/adapters/prices/price-catalogue.ts';
import type { ListedModel } from '../../src/domain/price-list/imported.ts';

const listed = (
  provider: string,
  model: string,
  prices: ListedModel['prices'],
  byHour = false,
): ListedModel => ({ provider, model, prices, byHour });

/** A catalogue's prices as they may be changed. */
export const listedModels: ListedModel[] = [
  listed('acme', 'plain', { input_mtok: '2.5', cache_read_mtok: '1.25', output_mtok: '10' }),
  listed('acme', 'odd', { input_mtok: '0.333333', output_mtok: '1' }),
  listed('acme', 'tiered', { input_mtok: null, output_mtok: '10' }),
  listed('acme', 'embeds', { input_mtok: '0.02' }),
  listed('acme', 'writes', {
    ...{ input_mtok: '3', cache_write_mtok: '3.75', cache_write_1h_mtok: '6', output_mtok: '15' },
  }),
  listed('acme', 'has spaces', { input_mtok: '1', output_mtok: '1' }),
  listed('owl', 'nightly', { input_mtok: '1', output_mtok: '2' }, true),
];

/** A price catalogue whose entries stay what they are. */
export const testCatalogue: PriceCatalogue = {
  name: 'test-prices@1.2.3',
  currency: 'USD',
  modelsOf(provider) {
    const own = listedModels.filter((each) => each.provider === provider);
    return Promise.resolve(own.length > 0 ? own.map(({ model }) => model) : undefined);
  },
  find: ({ model, provider }) =>
    Promise.resolve(
      listedModels.find(
        (each) => each.model === model && (provider === undefined || each.provider === provider),
      ),
    ),
};

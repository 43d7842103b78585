import { z } from 'zod';
import { Currency } from '../domain/accounts.ts';
import { Amount } from '../domain/money.ts';
import { latest, projection } from './projection.ts';
import { query } from './query.ts';

export const priceLists = projection(
  'price_lists',
  {
    meaning: 'One row an alias: what it costs now.',
    group: 'analytics',
    version: 1,
    key: { alias: 'text' },
    columns: {
      version: latest('integer', `counts the alias's price lists, from 1`),
      currency: latest('text'),
      input: latest('numeric', 'per one million tokens of input'),
      cached_input: latest('numeric', `per one million tokens from the upstream's cache`),
      output: latest('numeric', 'per one million tokens of the answer, thinking included'),
      default_max_output: latest(
        'bigint',
        'output tokens a call may write when it names no limit itself',
      ),
      effective_at: latest('timestamptz', 'from when calls are rated with it'),
    },
  },
  {
    PriceListPublished: ({ data }) => [
      {
        alias: data.alias,
        version: data.version,
        currency: data.currency,
        input: data.prices.input,
        cached_input: data.prices.cachedInput,
        output: data.prices.output,
        default_max_output: data.defaultMaxOutput,
        effective_at: data.effectiveAt,
      },
    ],
  },
);

export const IndexedPriceList = z.object({
  alias: z.string(),
  version: z.int(),
  currency: Currency,
  input: Amount,
  cached_input: Amount,
  output: Amount,
  default_max_output: z.int(),
});

/** Every alias's prices, as the model catalogue of a process starts from them. */
export const indexedPriceLists = () =>
  query(IndexedPriceList)`
    SELECT alias, version, currency, trim_scale(input)::text AS input,
           trim_scale(cached_input)::text AS cached_input, trim_scale(output)::text AS output,
           to_jsonb(default_max_output) AS default_max_output
    FROM read.price_lists ORDER BY alias`;

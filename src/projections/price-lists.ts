import { z } from 'zod';
import { Currency } from '../domain/accounts.ts';
import { Instant } from '../domain/ids.ts';
import { Amount } from '../domain/money.ts';
import { mediaListed } from './media.ts';
import { latest, projection } from './projection.ts';
import { query } from './query.ts';

export const priceLists = projection(
  'price_lists',
  {
    meaning: 'One row a price list: what an alias costs from some moment on.',
    group: 'analytics',
    version: 4,
    key: { alias: 'text', version: 'integer' },
    columns: {
      currency: latest('text'),
      input: latest('numeric', 'per one million tokens of input'),
      cached_input: latest('numeric', `per one million tokens from the upstream's cache`),
      output: latest('numeric', 'per one million tokens of the answer'),
      cache_write: latest('numeric', 'per one million tokens into the cache; null: as `input`'),
      reasoning: latest('numeric', 'per one million tokens of thinking; null: as `output`'),
      request: latest('numeric', 'per call, beside its tokens; null: nothing'),
      audio_input: latest('numeric', 'per one million tokens of sound in; null: not sold'),
      audio_output: latest('numeric', 'per one million tokens of sound out; null: not sold'),
      image_input: latest('numeric', 'per one million tokens of pictures in; null: not sold'),
      image_output: latest('numeric', 'per one million tokens of pictures out; null: not sold'),
      per_image: latest('numeric', 'per picture; null: not sold by the piece'),
      per_second: latest('numeric', 'per second of sound in; null: not sold by the second'),
      per_character: latest(
        'numeric',
        'per code point read aloud; null: not sold by the character',
      ),
      default_max_output: latest(
        'bigint',
        'output tokens a call may write when it names no limit itself',
      ),
      effective_at: latest(
        'timestamptz',
        'from when calls are rated with it, until a later one begins',
      ),
      withdrawn_at: latest(
        'timestamptz',
        'when its alias was taken off sale, with all lists before it; null: not as long as it was the last',
      ),
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
        cache_write: data.prices.cacheWrite ?? null,
        reasoning: data.prices.reasoning ?? null,
        request: data.prices.request ?? null,
        ...mediaListed(data.prices),
        default_max_output: data.defaultMaxOutput,
        effective_at: data.effectiveAt,
      },
    ],
    AliasWithdrawn: ({ data: { alias, version }, meta }) => [
      { alias, version, withdrawn_at: meta.recordedAt },
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
  cache_write: Amount.nullable(),
  reasoning: Amount.nullable(),
  request: Amount.nullable(),
  audio_input: Amount.nullable(),
  audio_output: Amount.nullable(),
  image_input: Amount.nullable(),
  image_output: Amount.nullable(),
  per_image: Amount.nullable(),
  per_second: Amount.nullable(),
  per_character: Amount.nullable(),
  default_max_output: z.int(),
  effective_at: Instant,
  withdrawn: z.boolean(),
});

/** All price lists, as the model catalogue of a process starts from them. */
export const indexedPriceLists = () =>
  query(IndexedPriceList)`
    SELECT alias, version, currency, trim_scale(input)::text AS input,
           trim_scale(cached_input)::text AS cached_input, trim_scale(output)::text AS output,
           trim_scale(cache_write)::text AS cache_write, trim_scale(reasoning)::text AS reasoning,
           trim_scale(request)::text AS request,
           trim_scale(audio_input)::text AS audio_input,
           trim_scale(audio_output)::text AS audio_output,
           trim_scale(image_input)::text AS image_input,
           trim_scale(image_output)::text AS image_output,
           trim_scale(per_image)::text AS per_image, trim_scale(per_second)::text AS per_second,
           trim_scale(per_character)::text AS per_character,
           to_jsonb(default_max_output) AS default_max_output,
           effective_at, withdrawn_at IS NOT NULL AS withdrawn
    FROM read.price_lists ORDER BY alias, version`;

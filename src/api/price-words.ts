import { z } from 'zod';
import { Price } from '../domain/money.ts';
import type { PriceName } from '../domain/price-list/events.ts';
import { Prices, priceNames } from '../domain/price-list/events.ts';
import type { UsageClass } from '../domain/price-list/usage.ts';
import { Usage, usageClasses } from '../domain/price-list/usage.ts';

/** How prices and the classes of a usage are written outside. */
export const words = {
  input: 'input',
  cachedInput: 'cached_input',
  cacheWrite: 'cache_write',
  output: 'output',
  reasoning: 'reasoning',
  audioInput: 'audio_input',
  audioOutput: 'audio_output',
  imageInput: 'image_input',
  imageOutput: 'image_output',
  images: 'images',
  seconds: 'seconds',
  characters: 'characters',
  request: 'request',
  image: 'image',
  second: 'second',
  character: 'character',
} as const satisfies Readonly<Record<PriceName | UsageClass, string>>;

/** Per one million tokens; `request`, `image`, `second` and `character` of one. */
export const WrittenPrices = z.strictObject({
  input: Price,
  cached_input: Price.optional().describe('absent: as `input`'),
  output: Price,
  cache_write: Price.optional(),
  reasoning: Price.optional(),
  request: Price.optional(),
  audio_input: Price.optional(),
  audio_output: Price.optional(),
  image_input: Price.optional(),
  image_output: Price.optional(),
  image: Price.optional(),
  second: Price.optional(),
  character: Price.optional(),
});

type Given = Readonly<Record<string, unknown>>;

/**
 * Prices as they are written, in a request or in a row. Without a price of its own nothing is cheaper
 * for having been read before.
 */
export const pricesOf = ({ input, cached_input = input, ...more }: Given): Prices =>
  Prices.parse(named(priceNames, { input, cached_input, ...more }));

/** The same of a usage. */
export const usageOf = (given: Given): Usage => Usage.parse(named(usageClasses, given));

/** Prices as they are written, from a list. */
export const writtenPrices = (prices: Prices): z.output<typeof WrittenPrices> =>
  WrittenPrices.parse(
    Object.fromEntries(priceNames.map((name) => [words[name], prices[name]] as const)),
  );

const named = (names: readonly (PriceName | UsageClass)[], given: Given) =>
  Object.fromEntries(
    names.flatMap((name) => {
      const value = given[words[name]];
      return value === undefined || value === null ? [] : [[name, value]];
    }),
  );

import { z } from 'zod';
import { Currency } from '../accounts.ts';
import type { EventOf } from '../event-table.ts';
import { Instant } from '../ids.ts';
import { Price } from '../money.ts';

export const Alias = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._:/@+-]{0,127}$/,
    '1 to 128 letters, digits, `.`, `_`, `:`, `/`, `@`, `+` or `-`, a letter or digit first',
  )
  .describe('the name members ask for in `model`');

export const Prices = z
  .object({
    input: Price,
    cachedInput: Price,
    output: Price,
    cacheWrite: Price.optional().describe('absent: as `input`'),
    reasoning: Price.optional().describe('absent: as `output`'),
    request: Price.optional().describe('of one call, whatever else it consumes; absent: nothing'),
    audioInput: Price.optional().describe('of sound that goes in; absent: it is not sold'),
    audioOutput: Price.optional().describe('of sound that comes out; absent: it is not sold'),
    imageInput: Price.optional().describe('of pictures that go in; absent: they are not sold'),
    imageOutput: Price.optional().describe('of pictures that come out; absent: they are not sold'),
    image: Price.optional().describe('of one picture; absent: not sold by the piece'),
    second: Price.optional().describe('of one second of sound; absent: not sold by the second'),
    character: Price.optional().describe(
      'of one code point read aloud; absent: not sold by the character',
    ),
  })
  .describe(
    'what one million tokens of each class cost a member, one of what is sold by the piece, and a call itself',
  );
export type Prices = z.infer<typeof Prices>;
/** Every price that a list may have. */
export const priceNames = Prices.keyof().options;
export type PriceName = (typeof priceNames)[number];

const PriceOrigin = z
  .object({
    catalogue: z.string().describe('its name and version'),
    provider: z.string(),
    model: z.string().describe(`the catalogue's own name of it`),
    rate: Price.describe(`what one unit of the catalogue's currency is in the list's`),
    markup: Price.describe('what a member pays for one unit of it'),
  })
  .describe('the entry of a public price catalogue that a list was made of');
export type PriceOrigin = z.infer<typeof PriceOrigin>;

const PriceListPublished = z
  .object({
    alias: Alias,
    version: z.int().positive().describe(`counts the alias's price lists, from 1`),
    currency: Currency,
    prices: Prices,
    defaultMaxOutput: z
      .int()
      .positive()
      .describe('output tokens a call may write when it names no limit itself'),
    effectiveAt: Instant.describe('from when calls are rated with it, until a later one begins'),
    origin: PriceOrigin.optional().describe('absent: somebody wrote it by hand'),
  })
  .describe('What an alias costs from some moment on.');

const AliasWithdrawn = z
  .object({
    alias: Alias,
    version: z
      .int()
      .positive()
      .describe('its last price list; neither that nor any before it counts any more'),
  })
  .describe('An alias is not for sale until another price list begins; calls in flight go on.');

export const priceListEvents = { PriceListPublished, AliasWithdrawn };
export type PriceListEvent = EventOf<typeof priceListEvents>;

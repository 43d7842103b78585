import { z } from 'zod';
import { Currency } from '../accounts.ts';
import type { EventOf } from '../event-table.ts';
import { Instant } from '../ids.ts';
import { Price } from '../money.ts';

/** The name members ask for in `model`. */
export const Alias = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._:/@+-]{0,127}$/);

/** What one million tokens of each class cost a member. */
export const Prices = z.object({ input: Price, cachedInput: Price, output: Price });
export type Prices = z.infer<typeof Prices>;

const PriceListPublished = z.object({
  alias: Alias,
  version: z.int().positive(),
  currency: Currency,
  prices: Prices,
  /** Output tokens a call may write when it names no limit itself. */
  defaultMaxOutput: z.int().positive(),
  effectiveAt: Instant,
});

export const priceListEvents = { PriceListPublished };
export type PriceListEvent = EventOf<typeof priceListEvents>;

import { z } from 'zod';
import { Currency } from '../accounts.ts';
import type { EventOf } from '../event-table.ts';
import { Instant } from '../ids.ts';
import { Price } from '../money.ts';

export const Alias = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._:/@+-]{0,127}$/)
  .describe('the name members ask for in `model`');

export const Prices = z
  .object({ input: Price, cachedInput: Price, output: Price })
  .describe('what one million tokens of each class cost a member');
export type Prices = z.infer<typeof Prices>;

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
    effectiveAt: Instant.describe('from when calls are rated with it'),
  })
  .describe('What an alias costs, from now on.');

export const priceListEvents = { PriceListPublished };
export type PriceListEvent = EventOf<typeof priceListEvents>;

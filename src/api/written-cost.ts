import type { z } from 'zod';
import { Currency } from '../domain/accounts.ts';
import { priceNames } from '../domain/price-list/events.ts';
import type { Cost } from '../domain/route/events.ts';
import { pricesOf, WrittenPrices, words } from './price-words.ts';

/** What an upstream charges us, as an administrator writes it: as the price of a model. */
export const WrittenCost = WrittenPrices.extend({
  currency: Currency.optional().describe('absent: the home currency'),
});
type WrittenCost = z.output<typeof WrittenCost>;

/** The same as events carry it. */
export const costOf = ({ currency, ...prices }: WrittenCost): Cost => ({
  ...pricesOf(prices),
  ...(currency === undefined ? {} : { currency }),
});

/** The same as it is answered, with everything that was left out. */
export const shownCost = ({ currency, ...prices }: Cost): WrittenCost =>
  WrittenCost.parse({
    ...Object.fromEntries(priceNames.map((name) => [words[name], prices[name]])),
    currency,
  });

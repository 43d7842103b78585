import { z } from 'zod';
import { Currency } from '../domain/accounts.ts';
import type { Price } from '../domain/money.ts';
import { Prices, priceNames } from '../domain/price-list/events.ts';
import { Cost } from '../domain/route/events.ts';

const snakeCase = (name: string): string =>
  name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

type PriceSchema = typeof Price | z.ZodOptional<typeof Price>;

/** Without a price of its own nothing is cheaper for having been read before. */
const written = priceNames.map((name): [string, PriceSchema] => {
  const schema = Prices.shape[name];
  return [snakeCase(name), name === 'cachedInput' ? Prices.shape.cachedInput.optional() : schema];
});

const currency = Currency.optional().describe('absent: the home currency');

/** What an upstream charges us, as an administrator writes it: every price that a list may have. */
export const WrittenCost = z.strictObject({ ...Object.fromEntries(written), currency });
type WrittenCost = z.output<typeof WrittenCost>;

/** The same as events carry it. */
export function costOf(cost: WrittenCost): Cost {
  const { currency: named, ...prices } = cost;
  const known = new Map<string, unknown>(Object.entries(prices));
  const filled = priceNames.flatMap((name) => {
    const price = known.get(snakeCase(name));
    return price === undefined ? [] : [[name, price]];
  });
  return Cost.parse({
    cachedInput: known.get('input'),
    ...Object.fromEntries(filled),
    ...(named === undefined ? {} : { currency: named }),
  });
}

/** The same as it is answered, with everything that was left out. */
export const shownCost = (cost: Cost): WrittenCost =>
  WrittenCost.parse(
    Object.fromEntries(Object.entries(cost).map(([name, price]) => [snakeCase(name), price])),
  );

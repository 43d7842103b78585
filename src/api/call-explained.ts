import { z } from 'zod';
import { isUnit } from '../domain/accounts.ts';
import { Amount } from '../domain/money.ts';
import { explain } from '../domain/price-list/rating.ts';
import type { CallRow, CostParts } from '../projections/calls-reads.ts';
import { pricesOf, usageOf, words } from './price-words.ts';

const Class = z.enum(words);

/** One line of a charge: so many of a class, at a price. */
const Line = z.object({
  class: Class,
  /** The price that was taken; another one where the list has none of the class's own. */
  priced_as: Class,
  count: z.int(),
  /** Per one million tokens; of what is sold by the piece, and of a request, of one. */
  price: Amount,
  amount: Amount,
});

/** The lines that a call's charge is the sum of; null when it isn't charged in money, or not yet. */
export const Lines = z.array(Line).nullable();

/** What a charge is made of, from the usage and the prices that were recorded with it. */
export function linesOf({ usage, price, charge, asset }: CallRow): z.infer<typeof Lines> {
  if (!usage || charge === null || isUnit(asset)) return null;
  return explain(usageOf(usage), pricesOf(price)).map(shown);
}

/** The lines that a call's cost is the sum of; null when nobody knows them. */
export const CostLines = z.array(Line.extend({ upstream: z.string() })).nullable();

export const costLinesOf = (parts: z.infer<typeof CostParts>): z.infer<typeof CostLines> =>
  parts.length === 0
    ? null
    : parts.flatMap(({ upstream, usage, prices }) =>
        explain(usage, prices).map((line) => ({ upstream, ...shown(line) })),
      );

const shown = ({ class: of, pricedAs, ...line }: ReturnType<typeof explain>[number]) => ({
  ...{ class: words[of], priced_as: words[pricedAs] },
  ...line,
});

import { z } from 'zod';
import { isUnit } from '../domain/accounts.ts';
import { Amount } from '../domain/money.ts';
import { explain } from '../domain/price-list/rating.ts';
import type { CallRow, CostParts } from '../projections/calls-reads.ts';

const Class = z.enum(['input', 'cached_input', 'cache_write', 'output', 'reasoning', 'request']);
type Class = z.infer<typeof Class>;

/** One line of a charge: so many of a class, at a price. */
const Line = z.object({
  class: Class,
  /** The price that was taken; another one where the list has none of the class's own. */
  priced_as: Class,
  count: z.int(),
  /** Per one million tokens; of a request, of one. */
  price: Amount,
  amount: Amount,
});

/** The lines that a call's charge is the sum of; null when it isn't charged in money, or not yet. */
export const Lines = z.array(Line).nullable();

export function linesOf({ usage, price, charge, asset }: CallRow): z.infer<typeof Lines> {
  if (!usage || charge === null || isUnit(asset)) return null;
  const prices = {
    ...{ input: price.input, cachedInput: price.cached_input, output: price.output },
    cacheWrite: price.cache_write ?? undefined,
    reasoning: price.reasoning ?? undefined,
    request: price.request ?? undefined,
  };
  const { cached_input: cachedInput, cache_write: cacheWrite, ...rest } = usage;
  return explain({ ...rest, cachedInput, cacheWrite }, prices).map(shown);
}

/** The lines that a call's cost is the sum of; null when nobody knows them. */
export const CostLines = z.array(Line.extend({ upstream: z.string() })).nullable();

export const costLinesOf = (parts: z.infer<typeof CostParts>): z.infer<typeof CostLines> =>
  parts.length === 0
    ? null
    : parts.flatMap(({ upstream, usage, prices }) =>
        explain(usage, prices).map((line) => ({ upstream, ...shown(line) })),
      );

type Explained = ReturnType<typeof explain>[number];
type Named = Explained['class' | 'pricedAs'];

const shown = ({ class: of, pricedAs, ...line }: Explained) => ({
  ...{ class: written(of), priced_as: written(pricedAs) },
  ...line,
});

const names: Readonly<Record<Named, Class>> = {
  input: 'input',
  cachedInput: 'cached_input',
  cacheWrite: 'cache_write',
  output: 'output',
  reasoning: 'reasoning',
  request: 'request',
};
const written = (name: Named): Class => names[name];

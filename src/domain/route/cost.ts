import { z } from 'zod';
import { Currency } from '../accounts.ts';
import type { Decimal } from '../money.ts';
import { homeCurrency } from '../policies.ts';
import { Prices } from '../price-list/events.ts';
import { dearestOutput, dearestSpoken, isPriced, rate, rateAtMost } from '../price-list/rating.ts';
import type { Usage } from '../price-list/usage.ts';
import { noUsage } from '../price-list/usage.ts';
import type { Candidate, Cost } from './events.ts';

/** What an upstream model costs us: its prices, all in one currency. */
export const CostTerms = z.object({ currency: Currency, prices: Prices });
export type CostTerms = z.infer<typeof CostTerms>;

/** Every call asks for what its candidates cost: worked out once for each object that says it. */
function once<Key extends WeakKey, Value>(of: (key: Key) => Value): (key: Key) => Value {
  const known = new WeakMap<Key, Value>();
  return (key) => {
    const found = known.get(key) ?? of(key);
    known.set(key, found);
    return found;
  };
}

const termsIn = once(
  ({ currency = homeCurrency, ...prices }: Cost): CostTerms => ({
    currency,
    prices,
  }),
);

/** Undefined when nobody said what a candidate costs. */
export const costTermsOf = ({ cost }: Pick<Candidate, 'cost'>): CostTerms | undefined =>
  cost && termsIn(cost);

/** What a usage costs us; undefined: the terms have no price for something of it. */
export function ratedCost(usage: Usage, { prices }: CostTerms): Decimal | undefined {
  const known = sound(prices);
  return isPriced(usage, known) ? rate(usage, known) : undefined;
}

/** The most that a call may consume. */
export interface CallSize {
  readonly inputTokens: number;
  /** All choices together. */
  readonly outputTokens: number;
  /** Some of those may be sound. */
  readonly speaks?: boolean;
  /**
   * The most that goes in, and comes out by the piece, as it is counted where it is sold at these prices;
   * undefined: it is not. Left out: text.
   */
  readonly atMost?: ((prices: Prices) => Usage | undefined) | undefined;
}

/**
 * The most that one attempt at a call may cost us, whichever classes its tokens fall into; undefined: the
 * terms have no price for something of it.
 */
export function costBound(terms: CostTerms, size: CallSize): Decimal | undefined {
  const bound = costBoundByOutput(terms, size);
  return bound?.fixed.plus(bound.perOutput.times(size.outputTokens));
}

/** The same where nobody knows yet how much may be written: `fixed + perOutput × output tokens`. */
export function costBoundByOutput({ prices }: CostTerms, size: Omit<CallSize, 'outputTokens'>) {
  const known = sound(prices);
  const { inputTokens: input, speaks = false } = size;
  const { atMost = () => ({ ...noUsage, input }) } = size;
  const usage = atMost(known);
  if (!(usage && isPriced(usage, known))) return undefined;
  const dearest = speaks ? dearestSpoken : dearestOutput;
  return { fixed: rateAtMost(usage, known), perOutput: dearest(known) };
}

/** Throws for a price that could never have been published. */
const sound = once((prices: Prices): Prices => Prices.parse(prices));

/** The currency in which costs can be compared: the only one that is named, or else the home currency. */
export function comparedIn(candidates: readonly Pick<Candidate, 'cost'>[]): string {
  const named = new Set(candidates.flatMap((each) => costTermsOf(each)?.currency ?? []));
  const [only, ...more] = named;
  return only !== undefined && more.length === 0 ? only : homeCurrency;
}

import { z } from 'zod';
import { Currency } from '../accounts.ts';
import type { Decimal } from '../money.ts';
import { homeCurrency } from '../policies.ts';
import { Prices } from '../price-list/events.ts';
import { dearestInput, dearestOutput, perRequest, rate } from '../price-list/rating.ts';
import type { Usage } from '../price-list/usage.ts';
import type { Candidate } from './events.ts';

/** What an upstream model costs us: its prices, all in one currency. */
export const CostTerms = z.object({ currency: Currency, prices: Prices });
export type CostTerms = z.infer<typeof CostTerms>;

/** Undefined when nobody said what a candidate costs. */
export function costTermsOf({ cost }: Pick<Candidate, 'cost'>): CostTerms | undefined {
  if (!cost) return undefined;
  const { currency = homeCurrency, ...prices } = cost;
  return { currency, prices };
}

/** What a usage costs us; throws `ZodError` for a price that could never have been published. */
export const ratedCost = (usage: Usage, { prices }: CostTerms): Decimal =>
  rate(usage, Prices.parse(prices));

/** The most that a call may consume. */
export interface CallSize {
  readonly inputTokens: number;
  /** All choices together. */
  readonly outputTokens: number;
}

/** The most that one attempt at a call may cost us, whichever classes its tokens fall into. */
export function costBound({ prices }: CostTerms, { inputTokens, outputTokens }: CallSize): Decimal {
  const known = Prices.parse(prices);
  return dearestInput(known)
    .times(inputTokens)
    .plus(dearestOutput(known).times(outputTokens))
    .plus(perRequest(known));
}

/** The currency in which costs can be compared: the only one that is named, or else the home currency. */
export function comparedIn(candidates: readonly Pick<Candidate, 'cost'>[]): string {
  const named = new Set(candidates.flatMap((each) => costTermsOf(each)?.currency ?? []));
  const [only, ...more] = named;
  return only !== undefined && more.length === 0 ? only : homeCurrency;
}

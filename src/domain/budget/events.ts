import { z } from 'zod';
import { Currency } from '../accounts.ts';
import type { EventOf } from '../event-table.ts';
import { Amount } from '../money.ts';

export const BudgetId = z
  .string()
  .regex(
    /^[a-z0-9][a-z0-9_-]{0,63}$/,
    '1 to 64 small letters, digits, `_` or `-`, a letter or digit first',
  );

export const ScopeKind = z
  .enum(['upstream', 'alias', 'scenario', 'plan', 'client_app'])
  .describe('by what calls are counted');
export type ScopeKind = z.infer<typeof ScopeKind>;

export const BudgetScope = z
  .object({ kind: ScopeKind, value: z.string().min(1).max(128).describe('which of them') })
  .describe('whose calls it is for');
export type BudgetScope = z.infer<typeof BudgetScope>;

export const WhenSpent = z
  .enum(['leave_out', 'refuse'])
  .describe(
    '`leave_out`: what would cost more is no candidate; `refuse`: a call that has such a candidate is refused',
  );

const most = Amount.refine((amount) => !amount.startsWith('-'), 'it is negative').nullable();

export const BudgetTerms = z.object({
  scope: BudgetScope,
  currency: Currency.describe('costs in another one are not counted'),
  daily: most.describe('what may be spent on a day of UTC; null: anything'),
  monthly: most.describe('what may be spent in a month of UTC; null: anything'),
  whenSpent: WhenSpent,
});
/** How much of our money upstreams may cost, and what happens when it is spent. */
export type BudgetTerms = z.infer<typeof BudgetTerms>;

export const BudgetWindow = z.enum(['day', 'month']);
export type BudgetWindow = z.infer<typeof BudgetWindow>;

/** What may be spent within such a window; null: anything. */
export const mostIn = ({ daily, monthly }: BudgetTerms, window: BudgetWindow): Amount | null =>
  window === 'day' ? daily : monthly;

/** Shares of a budget that people are told of. */
export const thresholds = [50, 80, 100] as const;

const BudgetSet = z
  .object({ budgetId: BudgetId, ...BudgetTerms.shape })
  .describe('What calls of some scope may cost us, from now on.');

const BudgetEnded = z
  .object({ budgetId: BudgetId })
  .describe('A budget is no more; its calls may cost anything.');

const BudgetThresholdReached = z
  .object({
    budgetId: BudgetId,
    scope: BudgetScope,
    window: BudgetWindow,
    of: z.string().describe('which day or month of UTC: `2026-03-14`, `2026-03`'),
    percent: z.literal(thresholds),
    spent: Amount.describe('what was booked when that was seen'),
    most: Amount.describe('what may be spent'),
    currency: Currency,
  })
  .describe('So much of a budget is spent; said once for each window and share.');

export const budgetEvents = { BudgetSet, BudgetEnded, BudgetThresholdReached };
export type BudgetEvent = EventOf<typeof budgetEvents>;

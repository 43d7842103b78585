import type { Counting, Spending } from '../../domain/budget/spending.ts';
import type { Prices } from '../../domain/price-list/events.ts';
import type { Usage } from '../../domain/price-list/usage.ts';
import type { CallSize, CostTerms } from '../../domain/route/cost.ts';
import { costBound, costTermsOf } from '../../domain/route/cost.ts';
import type { Candidate } from '../../domain/route/events.ts';
import type { Ranked } from '../../domain/route/rank.ts';
import type { Budgets, CallBudget } from './budgets.ts';
import { CallFault } from './call-fault.ts';
import { endpoints } from './endpoints/endpoints.ts';
import type { Bounds } from './endpoints/measure.ts';
import type { Input } from './input.ts';
import type { ModelCall } from './model-call.ts';
import { fittingMeasure } from './quotes.ts';

/** One call before the operators' budgets. */
export interface BudgetedCall {
  readonly budgets: Budgets | undefined;
  readonly callId: string;
  readonly counting: Omit<Counting, 'upstream'>;
  readonly size: CallSize;
}

/** What asking an upstream model may cost at most, and what that is counted under. */
export function spendingAt(
  { counting, size }: Pick<BudgetedCall, 'counting' | 'size'>,
  { upstream, cost }: { readonly upstream: string; readonly cost: CostTerms | undefined },
): Spending {
  const amount = cost && costBound(cost, size);
  return {
    counting: { ...counting, upstream },
    cost: cost && amount ? { currency: cost.currency, amount } : null,
  };
}

/** The most of a call that may cost something, by the first way of counting that prices are there for. */
export const atMostOf =
  ({ endpoint, n }: ModelCall, { input, bounds, predicted }: Most) =>
  (prices: Prices): Usage | undefined => {
    const measure = fittingMeasure(endpoints[endpoint], input, prices);
    const given = measure?.boundOf(input, { ...bounds, n });
    return given && { ...given, output: given.output + predicted };
  };

interface Most {
  readonly input: Input;
  readonly bounds: Bounds;
  /** Output that is billed beside what is written. */
  readonly predicted: number;
}

const blocking = (call: BudgetedCall, candidate: Candidate) =>
  call.budgets?.blocking(
    spendingAt(call, { upstream: candidate.upstream, cost: costTermsOf(candidate) }),
  ) ?? [];

/** Whether no budget is in a candidate's way. */
export const hasRoom =
  (call: BudgetedCall) =>
  (candidate: Candidate): boolean =>
    blocking(call, candidate).length === 0;

/** Those that may be asked; throws when a budget says no, or leaves nobody. */
export function affordable(call: BudgetedCall, ranked: readonly Ranked[]): readonly Candidate[] {
  const left = ranked.flatMap(({ candidate, unmet }) => (unmet === undefined ? [candidate] : []));
  const out = ranked.filter(({ unmet }) => unmet === 'budget');
  const isRefused = out.some(({ candidate }) =>
    blocking(call, candidate).some(({ whenSpent }) => whenSpent === 'refuse'),
  );
  if (isRefused || (out.length > 0 && left.length === 0)) throw budgetSpent();
  return left;
}

/** Another upstream may cost less, or be paid from another budget. */
export const budgetSpent = (): CallFault =>
  new CallFault('budget_spent', 'A budget has no room for this call.', { retryable: true });

/** Counts what the first attempt may cost from now on: nothing happens between this and the look at what is left. */
export function openBudget(
  call: BudgetedCall,
  first: { readonly upstream: string; readonly cost: CostTerms | undefined },
): CallBudget | undefined {
  const budget = call.budgets?.open(call.callId);
  if (budget && !budget.asks(spendingAt(call, first))) throw budgetSpent();
  return budget;
}

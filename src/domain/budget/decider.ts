import type { Decider } from '../decider.ts';
import type { Decimal } from '../money.ts';
import { canonical, money } from '../money.ts';
import type { BudgetEvent, BudgetWindow } from './events.ts';
import { BudgetTerms, mostIn, thresholds } from './events.ts';

export type BudgetCommand =
  | ({ readonly type: 'SetBudget'; readonly budgetId: string } & BudgetTerms)
  | { readonly type: 'EndBudget' }
  | NoteSpending;

/** Says how much was booked in a window; what it makes known is decided here. */
interface NoteSpending {
  readonly type: 'NoteSpending';
  readonly window: BudgetWindow;
  /** `2026-03-14` or `2026-03`. */
  readonly of: string;
  readonly spent: Decimal;
}

/** The last window in which a share was reached, and the largest such share. */
interface Reached {
  readonly of: string;
  readonly percent: number;
}

export interface Budget {
  readonly set?: { readonly budgetId: string; readonly terms: BudgetTerms };
  readonly reached: Readonly<Partial<Record<BudgetWindow, Reached>>>;
}

/** What calls of one scope may cost us. It tells of each share once in each window, until other amounts are set. */
export const budget: Decider<BudgetCommand, BudgetEvent, Budget> = {
  initialState: { reached: {} },
  decide(command, state) {
    const { set } = state;
    switch (command.type) {
      case 'SetBudget': {
        const { type: _, budgetId, ...terms } = command;
        if (set && said(set.terms) === said(terms)) return [];
        return [{ type: 'BudgetSet', data: { budgetId, ...terms } }];
      }
      case 'EndBudget':
        return set ? [{ type: 'BudgetEnded', data: { budgetId: set.budgetId } }] : [];
      case 'NoteSpending':
        return newlyReached(command, state);
    }
  },
  evolve(state, event) {
    switch (event.type) {
      case 'BudgetSet': {
        const { budgetId, ...terms } = event.data;
        const isSame = state.set !== undefined && amountsOf(state.set.terms) === amountsOf(terms);
        return { set: { budgetId, terms }, reached: isSame ? state.reached : {} };
      }
      case 'BudgetEnded':
        return { reached: {} };
      case 'BudgetThresholdReached': {
        const { window, of, percent } = event.data;
        return { ...state, reached: { ...state.reached, [window]: { of, percent } } };
      }
    }
  },
};

/** The schema puts the fields in one order. */
const said = (terms: BudgetTerms): string => JSON.stringify(BudgetTerms.parse(terms));

/** What shares are shares of. */
const amountsOf = ({ scope, currency, daily, monthly }: BudgetTerms): string =>
  JSON.stringify([scope.kind, scope.value, currency, daily, monthly]);

/** The largest share of an amount that is spent; 0: none that people are told of. */
export const shareReached = (spent: Decimal, most: Decimal): number =>
  thresholds.findLast((percent) => spent.times(100).gte(most.times(percent))) ?? 0;

function newlyReached(
  { window, of, spent }: NoteSpending,
  { set, reached }: Budget,
): readonly BudgetEvent[] {
  const most = set && mostIn(set.terms, window);
  if (!(set && most)) return [];
  const last = reached[window];
  if (last && last.of > of) return [];
  const known = last?.of === of ? last.percent : 0;
  const now = shareReached(spent, money(most));
  const { budgetId, terms } = set;
  const { scope, currency } = terms;
  return thresholds
    .filter((percent) => percent > known && percent <= now)
    .map((percent) => ({
      type: 'BudgetThresholdReached',
      data: { budgetId, scope, window, of, percent, spent: canonical(spent), most, currency },
    }));
}

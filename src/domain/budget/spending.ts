import type { Decimal } from '../money.ts';
import { money, zero } from '../money.ts';
import type { CostFacts } from '../wallet/call-events.ts';
import type { BudgetTerms, BudgetWindow, ScopeKind } from './events.ts';
import { mostIn, BudgetWindow as Windows } from './events.ts';

/** What a cost is counted under. */
export interface Counting extends CostFacts {
  readonly upstream: string;
  readonly alias: string;
}

/** What something costs, or may cost at most; null: nobody knows. */
export interface Spending {
  readonly counting: Counting;
  readonly cost: { readonly currency: string; readonly amount: Decimal } | null;
}

export interface NamedBudget extends BudgetTerms {
  readonly budgetId: string;
}

/** How much of a budget is gone in one window. */
export interface BudgetUse {
  readonly window: BudgetWindow;
  readonly of: string;
  readonly most: Decimal;
  /** Booked. */
  readonly spent: Decimal;
  /** What calls that are not booked yet may cost at most. */
  readonly inFlight: Decimal;
}

/** The window that a moment is in; windows are UTC's. */
export const windowAt = (window: BudgetWindow, at: string): string =>
  at.slice(0, window === 'day' ? 10 : 7);

const under: Readonly<Record<ScopeKind, (counting: Counting) => string | undefined>> = {
  upstream: ({ upstream }) => upstream,
  alias: ({ alias }) => alias,
  scenario: ({ scenario }) => scenario,
  plan: ({ plan }) => plan,
  client_app: ({ clientApp }) => clientApp,
};

/** Whether a cost counts against a budget. */
export const covers = ({ scope }: BudgetTerms, counting: Counting): boolean =>
  under[scope.kind](counting) === scope.value;

const keyOf = ({ kind, value }: BudgetTerms['scope'], currency: string): string =>
  `${currency} ${kind} ${value}`;

/** Every budget that there could be for a cost. */
function keysOf({ counting, cost }: Spending): readonly string[] {
  if (!cost) return [];
  return Object.entries(under).flatMap(([kind, of]) => {
    const value = of(counting);
    return value === undefined ? [] : [`${cost.currency} ${kind} ${value}`];
  });
}

/** Sums of costs by whatever budgets may count: those that are booked, by window, and bounds of others. */
export interface SpendingBook {
  book(spending: Spending, at: string): void;
  /** Counts what may be spent until `free` takes it back. */
  hold(spending: Spending): void;
  free(spending: Spending): void;
  /** The windows of a budget at a moment in which it has a limit. */
  uses(budget: BudgetTerms, at: string): readonly BudgetUse[];
}

/** Windows that nobody asks about any more are forgotten after so many months. */
const keptMonths = 2;

export function spendingBook(): SpendingBook {
  const booked = new Map<string, Map<string, Decimal>>();
  const held = new Map<string, Decimal>();

  const monthOf = (at: string): Map<string, Decimal> => {
    const month = windowAt('month', at);
    const known = booked.get(month);
    if (known) return known;
    const sums = new Map<string, Decimal>();
    booked.set(month, sums);
    const old = [...booked.keys()].sort().slice(0, -keptMonths);
    for (const each of old) booked.delete(each);
    return sums;
  };
  const change = (spending: Spending, sign: 1 | -1) => {
    for (const key of keysOf(spending)) {
      const sum = add(held, key, spending.cost?.amount.times(sign) ?? zero);
      if (sum.isZero()) held.delete(key);
    }
  };

  return {
    book(spending, at) {
      const sums = monthOf(at);
      for (const key of keysOf(spending)) {
        for (const window of Windows.options) {
          add(sums, `${key} ${windowAt(window, at)}`, spending.cost?.amount ?? zero);
        }
      }
    },
    hold: (spending) => change(spending, 1),
    free: (spending) => change(spending, -1),
    uses: (budget, at) =>
      Windows.options.flatMap((window) => {
        const most = mostIn(budget, window);
        if (most === null) return [];
        const key = keyOf(budget.scope, budget.currency);
        const of = windowAt(window, at);
        const spent = booked.get(windowAt('month', at))?.get(`${key} ${of}`) ?? zero;
        return [{ window, of, most: money(most), spent, inFlight: held.get(key) ?? zero }];
      }),
  };
}

function add(sums: Map<string, Decimal>, key: string, amount: Decimal): Decimal {
  const sum = (sums.get(key) ?? zero).plus(amount);
  sums.set(key, sum);
  return sum;
}

/**
 * Whether there is room for a cost beside what is spent and in flight. One that nobody knows needs room for
 * anything at all; one in another currency is none of the budget's.
 */
export function hasRoom(uses: readonly BudgetUse[], amount: Decimal | null): boolean {
  return uses.every(({ most, spent, inFlight }) => {
    const left = most.minus(spent).minus(inFlight);
    return amount === null ? left.gt(zero) : left.gte(amount);
  });
}

import type { BudgetKeeper } from '../../src/adapters/llm/budgets.ts';
import { budgetKeeper } from '../../src/adapters/llm/budgets.ts';
import type { NamedBudget, Spending, SpendingBook } from '../../src/domain/budget/spending.ts';
import { spendingBook } from '../../src/domain/budget/spending.ts';
import type { Decimal } from '../../src/domain/money.ts';
import { sum, zero } from '../../src/domain/money.ts';
import type { RoutingWorld } from './world.ts';

/** Processes that book what their calls cost in one log, and learn from it what the others' cost. */
export interface SpendingWorld {
  /** The budgets as the process of the n-th call knows them. */
  of(n: number): BudgetKeeper;
  /** A call's end is in the log; each process hears of it in its time. */
  write(callId: string, costs: readonly Spending[]): void;
  /** All that was ever booked for a budget. */
  spent(budget: NamedBudget): Decimal;
  /** The most that the calls of others, unknown to a process, were about to cost of a budget at once. */
  mostUnseen(budget: NamedBudget): Decimal;
}

interface Process {
  readonly book: SpendingBook;
  readonly keeper: BudgetKeeper;
  /** Booked by others, and not heard of yet. */
  readonly unheard: SpendingBook;
}

interface Plan {
  readonly processes: number;
  readonly budgets: readonly NamedBudget[];
  /** How long an event takes to a process, at most. */
  readonly hearsMs: number;
}

export function spendingWorld(
  { time, random }: RoutingWorld,
  { processes: count, budgets, hearsMs }: Plan,
): SpendingWorld {
  const clock = () => new Date(time.nowMs());
  const at = () => clock().toISOString();
  const processes = Array.from({ length: count }, (): Process => {
    const book = spendingBook();
    return {
      book,
      keeper: budgetKeeper({ budgets: () => budgets, book, clock }),
      unheard: spendingBook(),
    };
  });
  const all = spendingBook();
  const most = new Map<string, Decimal>();

  /** What a process doesn't know: what others' calls in flight may cost, and what is booked unheard. */
  const noteUnseen = () => {
    for (const budget of budgets) {
      for (const [index, { unheard }] of processes.entries()) {
        const others = processes.filter((_, other) => other !== index);
        const inFlight = sum(others.flatMap(({ book }) => useOf(book, budget)?.inFlight ?? []));
        const unseen = inFlight.plus(useOf(unheard, budget)?.inFlight ?? zero);
        const before = most.get(budget.budgetId) ?? zero;
        if (unseen.gt(before)) most.set(budget.budgetId, unseen);
      }
    }
  };
  const useOf = (book: SpendingBook, budget: NamedBudget) => book.uses(budget, at())[0];

  return {
    of: (n) => processes[n % count]?.keeper ?? never(),
    write(callId, costs) {
      for (const cost of costs) all.book(cost, at());
      for (const [index, { book, keeper, unheard }] of processes.entries()) {
        // What is a process's own it still holds.
        const others = index === Number(callId) % count ? [] : costs;
        for (const cost of others) unheard.hold(cost);
        time.after(random.between(0, hearsMs), () => {
          for (const cost of others) unheard.free(cost);
          for (const cost of costs) book.book(cost, at());
          keeper.ended(callId, true);
        });
      }
      if (count > 1) noteUnseen();
    },
    spent: (budget) => useOf(all, budget)?.spent ?? zero,
    mostUnseen: ({ budgetId }) => most.get(budgetId) ?? zero,
  };
}

function never(): never {
  throw new Error('There is no process.');
}

import type { NamedBudget, Spending, SpendingBook } from '../../domain/budget/spending.ts';
import { covers, hasRoom } from '../../domain/budget/spending.ts';

/** What operators' budgets let calls cost us, as this process knows it now; nothing of it waits. */
export interface Budgets {
  /** The budgets that have no room for it. */
  blocking(spending: Spending): readonly NamedBudget[];
  open(callId: string): CallBudget;
}

/** What one call may still cost, from before its first attempt until the log has shown its end. */
export interface CallBudget {
  /** Counts what one more attempt may cost; false, and nothing is counted: a budget has no room for it. */
  asks(spending: Spending): boolean;
  /** The attempt has begun to be answered, and so to cost something. */
  answering(): void;
  /** No attempt comes any more, and the call's end is written or will be. */
  over(): void;
  /** Nobody was asked, and nobody will be. */
  forget(): void;
}

export interface BudgetKeeper extends Budgets {
  /** The log has shown a call's end; `isFinal`: the call itself wrote it, or nothing more can come. */
  ended(callId: string, isFinal: boolean): void;
  /** Something is counted for this call until its end is shown. */
  waitsFor(callId: string): boolean;
}

export interface BudgetKeeperParts {
  readonly budgets: () => readonly NamedBudget[];
  readonly book: SpendingBook;
  readonly clock: () => Date;
}

interface OpenCall {
  readonly held: Spending[];
  isAnswering: boolean;
  isOver: boolean;
  isShown: boolean;
}

/**
 * Counts what this process's calls may cost until the log says what they did, so that between the two
 * nothing is counted twice for long, and nothing is left out.
 */
export function budgetKeeper({ budgets, book, clock }: BudgetKeeperParts): BudgetKeeper {
  const calls = new Map<string, OpenCall>();

  const blocking = (spending: Spending): readonly NamedBudget[] => {
    const at = clock().toISOString();
    const { counting, cost } = spending;
    return budgets().filter((budget) => {
      const isCounted = cost === null || cost.currency === budget.currency;
      if (!(isCounted && covers(budget, counting))) return false;
      return !hasRoom(book.uses(budget, at), cost?.amount ?? null);
    });
  };
  const freeAll = (callId: string, { held }: OpenCall) => {
    for (const spending of held) book.free(spending);
    calls.delete(callId);
  };
  /** Who has not begun to answer costs nothing. */
  const freeUnanswered = (call: OpenCall) => {
    const last = call.isAnswering ? undefined : call.held.pop();
    if (last) book.free(last);
    // All that is left has been answered.
    call.isAnswering = true;
  };

  const open = (callId: string): CallBudget => ({
    asks(spending) {
      // Where there is no budget nobody follows the costs, so that nothing would end the counting.
      if (budgets().length === 0) return true;
      const call = calls.get(callId) ?? {
        ...{ held: [], isAnswering: false, isOver: false, isShown: false },
      };
      calls.set(callId, call);
      freeUnanswered(call);
      if (blocking(spending).length > 0) return false;
      call.held.push(spending);
      call.isAnswering = false;
      book.hold(spending);
      return true;
    },
    answering() {
      const call = calls.get(callId);
      if (call) call.isAnswering = true;
    },
    over() {
      const call = calls.get(callId);
      if (!call) return;
      freeUnanswered(call);
      call.isOver = true;
      if (call.isShown || call.held.length === 0) freeAll(callId, call);
    },
    forget() {
      const call = calls.get(callId);
      if (call) freeAll(callId, call);
    },
  });

  return {
    blocking,
    open,
    waitsFor: (callId) => calls.has(callId),
    ended(callId, isFinal) {
      const call = calls.get(callId);
      if (!call) return;
      call.isShown = true;
      if (isFinal || call.isOver) freeAll(callId, call);
    },
  };
}

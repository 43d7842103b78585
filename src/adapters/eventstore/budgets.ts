import type { Logger } from 'pino';
import type { BudgetTerms } from '../../domain/budget/events.ts';
import type { ScenarioNames } from '../../domain/budget/scenario-names.ts';
import type { BudgetUse, NamedBudget } from '../../domain/budget/spending.ts';
import { spendingBook } from '../../domain/budget/spending.ts';
import type { Recorded } from '../../domain/events.ts';
import { streamOf } from '../../domain/streams.ts';
import type { Budgets } from '../llm/budgets.ts';
import { budgetKeeper } from '../llm/budgets.ts';
import type { BudgetRows, CostRows } from '../postgres/index-rows.ts';
import { costIndex } from './costs.ts';
import type { Freshness } from './freshness.ts';
import type { IndexFollower } from './index-follower.ts';
import { followIndex } from './index-follower.ts';
import type { Log } from './log.ts';
import { isAfter } from './stream-history.ts';

export interface BudgetIndexParts {
  readonly log: Pick<Log, 'head' | 'subscribe'>;
  readonly logger: Logger;
  readonly rows: () => Promise<BudgetRows>;
  readonly costRows: () => Promise<CostRows>;
  readonly clock: () => Date;
  /** Is told those that budgets are for, and those that something is booked under. */
  readonly scenarios: Pick<ScenarioNames, 'write' | 'booked'>;
}

export interface UsedBudget {
  readonly budget: NamedBudget;
  readonly uses: readonly BudgetUse[];
}

/** The operators' budgets and what is gone of them, in memory, at the log's end. */
export interface BudgetIndex extends Budgets, IndexFollower {
  /** By their names. */
  all(): readonly UsedBudget[];
  /** Resolves when all that was booked before is known too. */
  counted(): Promise<void>;
  apply(events: readonly Recorded[]): void;
}

interface Known {
  /** Undefined: it has ended. */
  readonly terms: BudgetTerms | undefined;
  readonly revision: bigint | null;
}

/** Costs are followed from the first budget on: where there is none, nothing is read for one. */
export function budgetIndex({
  costRows,
  clock,
  scenarios,
  ...parts
}: BudgetIndexParts): BudgetIndex {
  const known = new Map<string, Known>();
  let current: readonly NamedBudget[] = [];
  let costs: IndexFollower | undefined;
  let isClosed = false;
  const book = spendingBook();
  const keeper = budgetKeeper({ budgets: () => current, book, clock });

  const tell = (budgetId: string, told: Known) => {
    if (isAfter(known.get(budgetId)?.revision ?? null, told.revision)) return;
    known.set(budgetId, told);
    if (told.terms?.scope.kind === 'scenario') scenarios.write([told.terms.scope.value]);
    current = [...known]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .flatMap(([id, { terms }]) => (terms ? [{ budgetId: id, ...terms }] : []));
    if (current.length === 0 || isClosed) return;
    costs ??= costIndex({
      ...{ log: parts.log, logger: parts.logger, rows: costRows, book },
      ...{ ended: keeper.ended, waitsFor: keeper.waitsFor },
    });
  };
  const applyOne = ({ revision, ...event }: Recorded) => {
    if (event.type === 'BudgetSet') {
      const { budgetId, ...terms } = event.data;
      tell(budgetId, { terms, revision });
    } else if (event.type === 'BudgetEnded') {
      tell(event.data.budgetId, { terms: undefined, revision });
    }
  };
  const budgets = followIndex({
    ...parts,
    name: 'the budgets',
    prefixes: [streamOf.budget('')],
    fill(rows) {
      for (const { scenario, day } of rows.scenarios) scenarios.booked(scenario, day);
      for (const row of rows.budgets) {
        const scope = { kind: row.scope_kind, value: row.scope_value };
        const terms = { scope, ...row.terms, currency: row.currency, whenSpent: row.when_spent };
        tell(row.budget_id, { terms, revision: null });
      }
    },
    apply: applyOne,
  });
  const counted = async () => {
    await budgets.filled;
    await costs?.filled;
  };

  return {
    blocking: keeper.blocking,
    open: keeper.open,
    filled: counted(),
    counted,
    fresh(): Freshness {
      const state = budgets.fresh();
      return state.ok && costs ? costs.fresh() : state;
    },
    async close() {
      isClosed = true;
      await Promise.all([budgets.close(), costs?.close()]);
    },
    all() {
      const at = clock().toISOString();
      return current.map((budget) => ({ budget, uses: book.uses(budget, at) }));
    },
    apply(events) {
      for (const event of events) applyOne(event);
    },
  };
}

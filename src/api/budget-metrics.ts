import type { Registry } from 'prom-client';
import { Gauge } from 'prom-client';
import type { UsedBudget } from '../adapters/eventstore/budgets.ts';
import type { BudgetUse } from '../domain/budget/spending.ts';
import type { Decimal } from '../domain/money.ts';

export interface BudgetMetricsParts {
  readonly budgets: { readonly all: () => readonly UsedBudget[] };
}

/**
 * How much of each budget is gone. What is in flight is this process's own: with several, a budget may be
 * overdrawn by at most what the others show.
 */
export function budgetMetrics(registry: Registry, { budgets }: BudgetMetricsParts): void {
  const of = (name: string, help: string, value: (use: BudgetUse) => Decimal) =>
    new Gauge({
      ...{ name, help, labelNames: ['budget', 'window', 'currency'], registers: [registry] },
      collect() {
        this.reset();
        for (const { budget, uses } of budgets.all()) {
          for (const use of uses) {
            const labels = { budget: budget.budgetId, window: use.window };
            this.set({ ...labels, currency: budget.currency }, value(use).toNumber());
          }
        }
      },
    });
  of('budget_limit', 'What a budget lets calls cost in its current window', ({ most }) => most);
  of(
    'budget_spent',
    'What upstreams charge for the calls of a budget in its window',
    ({ spent }) => spent,
  );
  of(
    'budget_in_flight',
    'What calls of this process that are not booked yet may cost at most; others’ calls may overdraw a budget by so much',
    ({ inFlight }) => inFlight,
  );
}

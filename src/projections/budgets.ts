import { z } from 'zod';
import { Currency } from '../domain/accounts.ts';
import { ScopeKind, WhenSpent } from '../domain/budget/events.ts';
import { Amount } from '../domain/money.ts';
import { latest, projection } from './projection.ts';
import { query } from './query.ts';

export const budgets = projection(
  'budgets',
  {
    meaning: 'One row a budget: what calls of some scope may cost us.',
    group: 'analytics',
    version: 1,
    key: { budget_id: 'text' },
    columns: {
      scope_kind: latest('text', '`upstream`, `alias`, `scenario`, `plan` or `client_app`'),
      scope_value: latest('text', 'which of them'),
      currency: latest('text'),
      terms: latest('jsonb', 'what may be spent a `daily` and a `monthly` window; null: anything'),
      when_spent: latest('text', '`leave_out`: it is no candidate; `refuse`: the call is refused'),
      is_set: latest('boolean', 'it has not ended'),
    },
    keepWhile: 'is_set',
  },
  {
    BudgetSet: ({ data: { budgetId, scope, currency, daily, monthly, whenSpent } }) => [
      {
        ...{ budget_id: budgetId, scope_kind: scope.kind, scope_value: scope.value, currency },
        ...{ terms: { daily, monthly }, when_spent: whenSpent, is_set: true },
      },
    ],
    BudgetEnded: ({ data }) => [{ budget_id: data.budgetId, is_set: false }],
  },
);

export const IndexedBudget = z.object({
  budget_id: z.string(),
  scope_kind: ScopeKind,
  scope_value: z.string(),
  currency: Currency,
  terms: z.object({ daily: Amount.nullable(), monthly: Amount.nullable() }),
  when_spent: WhenSpent,
});

/** Every budget, as the index of a process starts from them. */
export const indexedBudgets = () =>
  query(IndexedBudget)`
    SELECT budget_id, scope_kind, scope_value, currency, terms, when_spent
    FROM read.budgets ORDER BY budget_id`;

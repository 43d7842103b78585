import { z } from 'zod';
import type { BudgetIndex, UsedBudget } from '../adapters/eventstore/budgets.ts';
import type { RunnerOf } from '../adapters/eventstore/execute.ts';
import { Currency } from '../domain/accounts.ts';
import type { budget as decider } from '../domain/budget/decider.ts';
import { BudgetId, BudgetScope, WhenSpent } from '../domain/budget/events.ts';
import type { BudgetUse } from '../domain/budget/spending.ts';
import { canonical, WrittenAmount } from '../domain/money.ts';
import { homeCurrency } from '../domain/policies.ts';
import { streamOf } from '../domain/streams.ts';
import { Total } from '../projections/total.ts';
import { commandContext } from './command-context.ts';
import { ApiError } from './errors.ts';
import { listOf, wholeList } from './reads.ts';
import { route } from './route.ts';

export interface BudgetParts {
  readonly budget: RunnerOf<typeof decider>;
  readonly budgets: Pick<BudgetIndex, 'all' | 'counted'>;
  readonly clock: () => Date;
}

const Most = WrittenAmount.refine((amount) => !amount.startsWith('-'), 'it is negative').optional();

const WrittenBudget = z
  .strictObject({
    scope: z.strictObject(BudgetScope.shape),
    currency: Currency.default(homeCurrency),
    daily: Most,
    monthly: Most,
    when_spent: WhenSpent.default('leave_out'),
  })
  .refine(({ daily, monthly }) => daily !== undefined || monthly !== undefined, {
    path: ['daily'],
    message: 'a budget has a daily or a monthly limit',
  });

const Use = z
  .object({
    /** `2026-03-14` or `2026-03`, of UTC. */
    window: z.string(),
    limit: Total,
    spent: Total,
    /** What this process's calls in flight may cost at most. */
    in_flight: Total,
    /** Negative when more was spent than there was. */
    left: Total,
  })
  .nullable();

const ShownBudget = z.object({
  id: BudgetId,
  scope: BudgetScope,
  currency: Currency,
  when_spent: WhenSpent,
  daily: Use,
  monthly: Use,
});

const params = z.object({ id: BudgetId });

/** Says what the calls of an upstream, alias, scenario, plan or client app may cost us. */
export const putBudget = ({ budget, budgets, clock }: BudgetParts) =>
  route({
    method: 'PUT',
    path: '/api/admin/budgets/:id',
    who: 'admin',
    summary: 'Set how much calls may cost us a day and a month',
    params,
    body: WrittenBudget,
    reply: ShownBudget,
    handle: async ({ caller, params: { id }, body, request }) => {
      const { scope, currency, daily = null, monthly = null, when_spent: whenSpent } = body;
      const terms = { scope, currency, daily, monthly, whenSpent };
      const { position } = await budget.run(
        streamOf.budget(id),
        () => ({ type: 'SetBudget', budgetId: id, ...terms }),
        commandContext({ caller, request }, clock, 'set-budget'),
      );
      // From here on no call of this process costs more than is left.
      await budgets.counted();
      const found = budgets.all().find((each) => each.budget.budgetId === id);
      return { body: shown(found ?? { budget: { budgetId: id, ...terms }, uses: [] }), position };
    },
  });

export const endBudget = ({ budget, clock }: BudgetParts) =>
  route({
    method: 'DELETE',
    path: '/api/admin/budgets/:id',
    who: 'admin',
    summary: 'End a budget: its calls may cost anything',
    params,
    status: 204,
    reply: z.undefined(),
    handle: async ({ caller, params: { id }, request }) => {
      const stream = streamOf.budget(id);
      if (!(await budget.load(stream)).state.set) throw new ApiError('budget_not_found');
      const { position } = await budget.run(
        stream,
        () => ({ type: 'EndBudget' }),
        commandContext({ caller, request }, clock, 'end-budget'),
      );
      return { body: undefined, position };
    },
  });

/** As this process knows them now, its calls in flight included. */
export const listBudgets = ({ budgets }: Pick<BudgetParts, 'budgets'>) =>
  route({
    method: 'GET',
    path: '/api/admin/budgets',
    who: 'admin',
    summary: 'Budgets with what is spent, in flight and left of them',
    reply: listOf(ShownBudget),
    handle: () => ({ body: wholeList(budgets.all().map(shown)) }),
  });

export const getBudget = ({ budgets }: Pick<BudgetParts, 'budgets'>) =>
  route({
    method: 'GET',
    path: '/api/admin/budgets/:id',
    who: 'admin',
    summary: 'A budget with what is spent, in flight and left of it',
    params,
    reply: ShownBudget,
    handle({ params: { id } }) {
      const found = budgets.all().find(({ budget }) => budget.budgetId === id);
      if (!found) throw new ApiError('budget_not_found');
      return { body: shown(found) };
    },
  });

function shown({ budget, uses }: UsedBudget): z.output<typeof ShownBudget> {
  const { budgetId: id, scope, currency, whenSpent: when_spent } = budget;
  const use = (window: BudgetUse['window']) => {
    const found = uses.find((each) => each.window === window);
    return found ? shownUse(found) : null;
  };
  return { id, scope, currency, when_spent, daily: use('day'), monthly: use('month') };
}

const shownUse = ({ of, most, spent, inFlight }: BudgetUse) => ({
  window: of,
  limit: canonical(most),
  spent: canonical(spent),
  in_flight: canonical(inFlight),
  left: canonical(most.minus(spent).minus(inFlight)),
});

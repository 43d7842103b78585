import type { NamedBudget } from '../../src/domain/budget/spending.ts';
import type { Decimal } from '../../src/domain/money.ts';
import { money, zero } from '../../src/domain/money.ts';
import type { Outcome } from './calls.ts';
import { simulateCalls } from './calls.ts';
import type { Finding } from './shares.ts';
import { deviation, idsOf, lostOf, percent, routeIn } from './shares.ts';
import type { SpendingWorld } from './spending.ts';
import { spendingWorld } from './spending.ts';
import { comeAndGo } from './troubles.ts';
import { routingWorld } from './world.ts';

const budgetOf = (
  [kind, value]: readonly ['upstream' | 'alias', string],
  daily: string,
  whenSpent: NamedBudget['whenSpent'],
): NamedBudget => ({
  ...{ budgetId: `${kind}-${value}`, scope: { kind, value }, currency: 'CNY' },
  ...{ daily, monthly: null, whenSpent },
});

/** The dearest attempt: so much may be left of a budget that nothing fits into any more. */
const dearest = money('0.0075');

const exactly = (spending: SpendingWorld, budget: NamedBudget, most: Decimal) => {
  const left = money(budget.daily ?? '0').minus(spending.spent(budget));
  return {
    isFine: left.gte(zero) && left.lt(most),
    numbers: `${spending.spent(budget).toFixed()} of ${budget.daily}`,
  };
};

const answeredBy = (outcomes: readonly Outcome[], id: string) =>
  outcomes.filter(({ by }) => by === id);

/** The cheapest has a budget of its own, which is spent half-way; then the others share its calls. */
async function leftOut(): Promise<readonly Finding[]> {
  const world = routingWorld({ seed: 8, failing: 0.003 });
  const budget = budgetOf(['upstream', 'alpha'], '18', 'leave_out');
  const spending = spendingWorld(world, { processes: 1, budgets: [budget], hearsMs: 200 });
  const route = routeIn(world, 'weighted');
  const all = await simulateCalls(world, {
    ...{ count: 100_000, perSecond: 300, route: () => route, spending },
  });
  const spentMs = answeredBy(all, 'alpha').at(-1)?.atMs ?? 0;
  const others = idsOf(world).filter((id) => id !== 'alpha');
  const offBefore = deviation(
    all.filter(({ atMs }) => atMs <= spentMs),
    idsOf(world),
  );
  const after = all.filter(({ atMs }) => atMs > spentMs);
  const offAfter = deviation(after, others);
  const { isFine, numbers } = exactly(spending, budget, money('0.0015'));
  return [
    { rule: 'an upstream costs its budget to the last call', isFine, numbers },
    {
      rule: 'shares are within 2 % of the weights, with it and then without it, and none is lost',
      isFine: offBefore <= 0.02 && offAfter <= 0.02 && lostOf(all) === 0,
      numbers: `${all.length} calls, ${after.length} without it; at most ${percent(offBefore)} and ${percent(offAfter)} off`,
    },
  ];
}

/** Upstreams die and return meanwhile, so that calls cost something at several. */
async function refusing(): Promise<readonly Finding[]> {
  const world = routingWorld({ seed: 9, failing: 0.003 });
  const changes = comeAndGo(world, { everyMs: 30_000, times: 40 });
  const budget = budgetOf(['alias', 'm'], '150', 'refuse');
  const spending = spendingWorld(world, { processes: 1, budgets: [budget], hearsMs: 200 });
  const route = routeIn(world, 'auto');
  const all = await simulateCalls(world, {
    ...{ count: 100_000, perSecond: 100, route: () => route, spending },
  });
  const refused = all.filter((each) => each.refused).length;
  const { isFine, numbers } = exactly(spending, budget, dearest);
  return [
    { rule: 'calls of an alias cost its budget to the last call', isFine, numbers },
    {
      rule: 'what the budget has room for is not lost',
      isFine: lostOf(all) === 0 && refused > 0,
      numbers: `${all.length} calls, ${refused} refused, ${lostOf(all)} lost, ${changes.deaths()} deaths`,
    },
  ];
}

/** Each hears late of what the others book, and never of what they have in flight. */
async function threeProcesses(): Promise<readonly Finding[]> {
  const world = routingWorld({ seed: 10, failing: 0.003 });
  const budget = budgetOf(['alias', 'm'], '100', 'leave_out');
  const spending = spendingWorld(world, { processes: 3, budgets: [budget], hearsMs: 500 });
  const route = routeIn(world, 'weighted');
  const all = await simulateCalls(world, {
    ...{ count: 100_000, perSecond: 300, route: () => route, spending },
  });
  const over = spending.spent(budget).minus(budget.daily ?? '0');
  const most = spending.mostUnseen(budget);
  return [
    {
      rule: 'three processes overdraw a budget by no more than what each does not know of the others',
      isFine: over.lte(most) && over.gt(dearest.negated()) && lostOf(all) === 0,
      numbers: `${spending.spent(budget).toFixed()} of ${budget.daily}, over by ${over.toFixed()} of at most ${most.toFixed()}`,
    },
  ];
}

export const budgetRuns: Readonly<Record<string, () => Promise<readonly Finding[]>>> = {
  'budget of an upstream': leftOut,
  'budget of an alias': refusing,
  'budget over three processes': threeProcesses,
};

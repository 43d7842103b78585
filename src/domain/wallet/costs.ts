import type { Leg } from '../accounts.ts';
import { account, entry } from '../accounts.ts';
import { canonical, money, opposite } from '../money.ts';
import type { BookedCost, Cost } from './call-events.ts';
import { CostFacts } from './call-events.ts';

/** What upstreams charge us: known costs are costs of sales, others wait in `suspense`. */
export const costLegs = (costs: readonly Cost[], debit?: string): Leg[] =>
  entry(costs.flatMap((cost) => partsOf(cost, debit)));

/** Known costs, some of them in the place of those that waited in `suspense`. */
export const lateCostLegs = (costs: readonly Cost[], suspense: readonly Cost[]): Leg[] =>
  entry([
    ...costs.flatMap((cost) => partsOf(cost)),
    ...negated(suspense).flatMap((cost) => partsOf(cost, account.suspense)),
  ]);

const partsOf = ({ upstream, asset, amount }: Cost, debit = account.cogs(upstream)) => [
  { account: debit, asset, amount: money(amount) },
  { account: account.payable(upstream), asset, amount: money(amount).negated() },
];

/** One cost of each upstream in each currency; those that come to nothing are left out. */
export function summed(costs: readonly Cost[]): readonly Cost[] {
  const sums = new Map<string, Cost>();
  for (const { upstream, asset, amount } of costs) {
    const key = `${asset} ${upstream}`;
    const sum = money(sums.get(key)?.amount ?? '0').plus(amount);
    sums.set(key, { upstream, asset, amount: canonical(sum) });
  }
  return [...sums.values()].filter(({ amount }) => amount !== '0');
}

export const negated = (costs: readonly Cost[]): readonly Cost[] =>
  costs.map((cost) => ({ ...cost, amount: opposite(cost.amount) }));

/** Costs that budgets count as they do another one of the same call. */
export function countedLike(
  one: BookedCost | undefined,
  costs: readonly Cost[],
): readonly Omit<BookedCost, 'rated'>[] {
  if (!one) return costs;
  const facts = CostFacts.parse(one);
  return costs.map((cost) => ({ ...cost, ...facts }));
}

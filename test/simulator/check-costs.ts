import { canonical, money, sum } from '../../src/domain/money.ts';
import type { Prices } from '../../src/domain/price-list/events.ts';
import { rate } from '../../src/domain/price-list/rating.ts';
import type { Cost } from '../../src/domain/route/events.ts';
import type { Cost as KnownCost } from '../../src/domain/wallet/call-events.ts';
import { negated, summed } from '../../src/domain/wallet/costs.ts';
import type { ClientCall } from './calls.ts';
import type { Known } from './check-run.ts';
import type { UpstreamBook } from './upstream.ts';
import { mustHold } from './violation.ts';

/** What the upstreams charge us: each in a currency of its own. */
export const upstreamCosts: Readonly<Record<string, Prices & Pick<Cost, 'currency'>>> = {
  a: { currency: 'USD', input: '0.2', cachedInput: '0.1', output: '0.9' },
  b: { currency: 'EUR', input: '0.3', cachedInput: '0.3', output: '1.2', request: '0.00001' },
};

/** A whole answer costs us what its upstream said, and nothing of a call that told its end is left open. */
export function checkCosts(
  call: ClientCall,
  known: Known,
  { asked, finished }: UpstreamBook,
): void {
  const { resolved, late, uncharged } = known;
  const events = [resolved, late, uncharged].flatMap((event) => (event ? [event.data] : []));
  const legs = events.flatMap((data) => data.legs);
  const on = (account: string) =>
    sum(legs.flatMap((leg) => (leg.account === account ? [money(leg.amount)] : [])));
  const must = (holds: boolean, what: () => string) =>
    mustHold(holds, 'costs', () => `${call.callId} ${what()}`);
  const isTold = late !== undefined || uncharged !== undefined;
  must(!isTold || on('suspense').isZero(), () => `leaves ${on('suspense')} in suspense`);
  for (const id of Object.keys(upstreamCosts)) {
    const costs = events.flatMap((data) => data.costs.filter(({ upstream }) => upstream === id));
    const booked = sum(costs.map(({ amount }) => money(amount)));
    must(on(`cogs:llm:${id}`).eq(booked), () => `books another cost of ${id} than it says`);
    must(!booked.isNegative(), () => `books ${canonical(booked)} at ${id}`);
    // One that outlived its hold may be refused when all is done but the charge.
    const isDone = call.end === 'complete' || call.end === 'refused';
    const isWhole = isDone && finished && events.at(-1)?.upstream === id;
    const prices = upstreamCosts[id];
    if (!(isWhole && prices)) continue;
    const cost = rate({ cachedInput: 0, reasoning: 0, ...finished }, prices);
    const isRight = asked === 1 ? booked.eq(cost) : booked.gte(cost);
    must(isRight, () => `costs ${canonical(cost)} at ${id}, and ${canonical(booked)} is booked`);
  }
  checkPossible(call, known);
}

/** Whatever it was charged: what a call says late that it cost is what is booked for it. */
export function checkTold(
  callId: string,
  known: Known,
  told: readonly KnownCost[] | undefined,
): void {
  const { resolved, late, uncharged } = known;
  if (!(told && resolved)) return;
  const events = [resolved, late, uncharged].flatMap((event) => event ?? []);
  const booked = events.flatMap(({ data }) => data.costs);
  const beyond = summed([...told, ...negated(booked)]);
  const what = () => `${callId} says that it cost more by ${JSON.stringify(beyond)} than is booked`;
  mustHold(beyond.length === 0, 'costs', what);
}

/** What nobody knows of a call may cost what its hold says, until the call itself knows better. */
function checkPossible(
  { callId, process, code, end }: ClientCall,
  { reserved, resolved, late, uncharged }: Known,
): void {
  if (!reserved) return;
  const must = (holds: boolean, what: string) =>
    mustHold(holds, 'costs', () => `${callId} ${what}`);
  const { mayCost } = reserved.data;
  must(mayCost !== undefined, 'is held without a word of what it may cost us');
  if (resolved?.type !== 'ReservationExpired') return;
  const { upstream, possibleCosts } = resolved.data;
  const [possible, ...more] = possibleCosts;
  const isSaid = possible?.amount === mayCost?.amount && more.length === 0;
  // Where somebody had noted anything, it is whom it asked.
  must(upstream !== null || isSaid, 'is unknown, and what it may cost us is not in suspense');
  const isTold = process.isAlive && (code === 'upstream_failed' || end === 'refused');
  const isKnown = late !== undefined || uncharged !== undefined;
  must(!isTold || isKnown, 'ended, and what it might have cost us stays in suspense');
}

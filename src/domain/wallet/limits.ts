import type { Asset } from '../accounts.ts';
import { isUnit } from '../accounts.ts';
import type { Instant } from '../ids.ts';
import type { Decimal } from '../money.ts';
import { canonical, money, Decimal as Whole, zero } from '../money.ts';
import { Rejection } from '../rejection.ts';
import type { Counted } from './call-events.ts';
import type { Limit, LimitMeasure, LimitWindow } from './limit-events.ts';
import type { Rate, RateLeft, RateRoom } from './rates.ts';
import { rateKey } from './rates.ts';
import type { Counter, Wallet } from './wallet.ts';

/** Names a limit: one of each kind for the wallet and for each key. */
export const limitKey = ({ apiKeyId, window, measure }: Omit<Limit, 'most'>): string =>
  `${apiKeyId ?? 'wallet'}/${window}/${measure}`;

/** A window is the beginning of the moments in it: found from a time, over by itself. */
const windowLength: Readonly<Record<LimitWindow, number>> = {
  minute: 'YYYY-MM-DDTHH:MM'.length,
  day: 'YYYY-MM-DD'.length,
  month: 'YYYY-MM'.length,
  total: 0,
  now: 0,
};

export const windowOf = (window: LimitWindow, at: Instant): string =>
  at.slice(0, windowLength[window]);

const one = new Whole(1);

/** What is counted of a call, in each measure. */
export interface Use {
  readonly requests: Decimal;
  readonly tokens: Decimal;
  readonly money: Decimal;
}

export const useOf = (tokens: Decimal, asset: Asset, amount: Decimal): Use => ({
  requests: one,
  tokens,
  money: isUnit(asset) ? zero : amount,
});

type CountedMeasure = Exclude<LimitMeasure, 'calls' | 'overdraft'>;
const isCounted = (measure: LimitMeasure): measure is CountedMeasure =>
  measure !== 'calls' && measure !== 'overdraft';

/** A counter's use within a window. */
export const usedIn = (counter: Counter | undefined, window: string): Decimal =>
  counter?.window === window ? counter.used : zero;

type Counting = Pick<Wallet, 'limits' | 'counters' | 'holds' | 'openByKey' | 'terms'>;

interface Caller {
  readonly apiKeyId: string;
  /** What applies beside the wallet's own limits. */
  readonly rates: readonly Rate[];
  readonly at: Instant;
}

interface NewCall extends Caller {
  readonly use: Use;
}

/** A limit of whatever kind, as it applies to one call. */
interface Applying extends Pick<Limit, 'window' | 'measure' | 'most'> {
  readonly key: string;
  /** Calls in flight that count against it. */
  readonly open: () => number;
}

function applyingTo({ limits, ...wallet }: Counting, { apiKeyId, rates }: Caller): Applying[] {
  const own = [...limits].flatMap(([key, limit]): readonly Applying[] => {
    if (limit.apiKeyId === null) return [{ key, ...limit, open: () => wallet.holds.size }];
    if (limit.apiKeyId !== apiKeyId) return [];
    return [{ key, ...limit, open: () => wallet.openByKey.get(apiKeyId) ?? 0 }];
  });
  const others = rates.map((rate) => ({
    ...{ key: rateKey(rate), ...rate },
    open: () => openIn(wallet, rate.scope),
  }));
  return [...own, ...others];
}

/** A wallet has one plan, which all its calls are under; the terms of open calls begin with their alias. */
function openIn({ holds, terms }: Pick<Wallet, 'holds' | 'terms'>, scope: Rate['scope']): number {
  if (scope.startsWith('plan:')) return holds.size;
  const alias = `${scope.slice('alias:'.length)} `;
  return terms.entries().reduce((all, [of, n]) => (of.startsWith(alias) ? all + n : all), 0);
}

/** Counts a call against every limit that applies to it, or throws when it would break one. */
export function countedAgainst(wallet: Counting, call: NewCall): Counted[] {
  const applying = applyingTo(wallet, call);
  const refusals = applying.flatMap((limit) => refusalBy(limit, wallet.counters, call) ?? []);
  // The longest wait is said, no end of it first: sooner a client would ask in vain.
  const [hardest] = refusals.sort((a, b) => waitOf(b) - waitOf(a));
  if (hardest) throw new LimitReached(hardest, roomIn(applying, wallet.counters, call.at));
  return applying.flatMap(({ key: limit, window, measure }) =>
    isCounted(measure)
      ? [{ limit, window: windowOf(window, call.at), amount: canonical(call.use[measure]) }]
      : [],
  );
}

/** A refusal by a limit, with what the limits leave. */
export class LimitReached extends Rejection {
  readonly room: RateRoom;

  constructor({ code, message, retryAfterSeconds, why, values }: Rejection, room: RateRoom) {
    super(code, message, { retryAfterSeconds, why, values });
    this.room = room;
  }
}

const waitOf = ({ retryAfterSeconds = 61 }: Rejection): number => retryAfterSeconds;

/** What the limits of a minute leave whoever calls like this. */
export const rateRoom = (wallet: Counting, caller: Caller): RateRoom =>
  roomIn(applyingTo(wallet, caller), wallet.counters, caller.at);

function roomIn(applying: readonly Applying[], counters: Wallet['counters'], at: Instant) {
  const left = (measure: LimitMeasure): RateLeft | undefined =>
    applying
      .flatMap((limit): readonly RateLeft[] => {
        if (limit.measure !== measure || limit.window !== 'minute' || limit.most === null)
          return [];
        const most = money(limit.most);
        const remaining = most.minus(usedIn(counters.get(limit.key), windowOf('minute', at)));
        const resetSeconds = secondsLeft(at);
        return [{ most, remaining: remaining.isNegative() ? zero : remaining, resetSeconds }];
      })
      .sort((a, b) => a.remaining.comparedTo(b.remaining) || a.most.comparedTo(b.most))[0];
  return { requests: left('requests'), tokens: left('tokens') };
}

function refusalBy(
  { key, open, ...limit }: Applying,
  counters: Wallet['counters'],
  { use, at }: NewCall,
): Rejection | undefined {
  const { window, measure, most } = limit;
  if (most === null || measure === 'overdraft') return undefined;
  if (measure === 'calls') return beyond(limit, { amount: one, used: new Whole(open()), at });
  const used = usedIn(counters.get(key), windowOf(window, at));
  return beyond(limit, { amount: use[measure], used, at });
}

interface Asked {
  readonly amount: Decimal;
  readonly used: Decimal;
  readonly at: Instant;
}

function beyond(
  { most, window, measure }: Pick<Limit, 'most' | 'window' | 'measure'>,
  { amount, used, at }: Asked,
): Rejection | undefined {
  if (most === null || used.plus(amount).lte(most)) return undefined;
  const what = `The limit of ${most} ${measure} a ${window} is reached.`;
  const values = { most, measure, window };
  const reached = { why: 'limit_reached', values } as const;
  if (amount.gt(most)) {
    const asked = canonical(amount);
    return new Rejection('budget_exhausted', `One call may take ${asked}. ${what}`, {
      why: 'call_beyond_limit',
      values: { ...values, amount: asked },
    });
  }
  if (window === 'now') {
    const details = { why: 'calls_at_once', values, retryAfterSeconds: 1 } as const;
    return new Rejection('rate_limit_exceeded', 'Too many calls are in flight.', details);
  }
  if (window === 'minute') {
    const retryAfterSeconds = secondsLeft(at);
    return new Rejection('rate_limit_exceeded', what, { ...reached, retryAfterSeconds });
  }
  return new Rejection('budget_exhausted', what, reached);
}

/** Of its minute; from 60 down to 1. */
const secondsLeft = (at: Instant): number => 60 - Math.floor((Date.parse(at) % 60_000) / 1_000);

/** What the end of a call changes in the limits that counted its bound; requests stay counted. */
export function correctedCounts(
  limits: readonly string[],
  { at, before, now }: { readonly at: Instant; readonly before: Use; readonly now: Use },
): Counted[] {
  return limits.flatMap((limit): readonly Counted[] => {
    const [, window, measure] = partsOf(limit);
    if (measure === 'requests' || !isCounted(measure)) return [];
    const amount = now[measure].minus(before[measure]);
    if (amount.isZero()) return [];
    return [{ limit, window: windowOf(window, at), amount: canonical(amount) }];
  });
}

function partsOf(key: string): readonly [string, LimitWindow, LimitMeasure] {
  const [measure, window, ...who] = key.split('/').reverse();
  // Only `limitKey` and `rateKey` make keys; an alias may have slashes in its name.
  return [who.reverse().join('/'), window as LimitWindow, measure as LimitMeasure];
}

import type { Asset } from '../accounts.ts';
import { isUnit } from '../accounts.ts';
import type { Instant } from '../ids.ts';
import type { Decimal } from '../money.ts';
import { canonical, Decimal as Whole, zero } from '../money.ts';
import { Rejection } from '../rejection.ts';
import type { Counted } from './call-events.ts';
import type { Limit, LimitMeasure, LimitWindow } from './limit-events.ts';
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

type Counting = Pick<Wallet, 'limits' | 'counters' | 'holds' | 'openByKey'>;

interface NewCall {
  readonly apiKeyId: string;
  readonly use: Use;
  readonly at: Instant;
}

/** Counts a call against every limit that applies to it, or throws when it would break one. */
export function countedAgainst(wallet: Counting, call: NewCall): Counted[] {
  const applying = [...wallet.limits].filter(
    ([, { apiKeyId }]) => apiKeyId === null || apiKeyId === call.apiKeyId,
  );
  const refusals = applying.flatMap(
    ([key, limit]) => refusalBy({ key, limit }, wallet, call) ?? [],
  );
  // The longest wait is said, no end of it first: sooner a client would ask in vain.
  const [hardest] = refusals.sort((a, b) => waitOf(b) - waitOf(a));
  if (hardest) throw hardest;
  return applying.flatMap(([limit, { window, measure }]) =>
    isCounted(measure)
      ? [{ limit, window: windowOf(window, call.at), amount: canonical(call.use[measure]) }]
      : [],
  );
}

const waitOf = ({ retryAfterSeconds = 61 }: Rejection): number => retryAfterSeconds;

function refusalBy(
  { key, limit }: { readonly key: string; readonly limit: Limit },
  { counters, holds, openByKey }: Counting,
  { apiKeyId, use, at }: NewCall,
): Rejection | undefined {
  const { window, measure, most } = limit;
  if (most === null || measure === 'overdraft') return undefined;
  if (measure === 'calls') {
    const open = limit.apiKeyId === null ? holds.size : (openByKey.get(apiKeyId) ?? 0);
    return beyond(limit, { amount: one, used: new Whole(open), at });
  }
  const used = usedIn(counters.get(key), windowOf(window, at));
  return beyond(limit, { amount: use[measure], used, at });
}

interface Asked {
  readonly amount: Decimal;
  readonly used: Decimal;
  readonly at: Instant;
}

function beyond(
  { most, window, measure }: Limit,
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
    const retryAfterSeconds = 60 - secondsIn(at);
    return new Rejection('rate_limit_exceeded', what, { ...reached, retryAfterSeconds });
  }
  return new Rejection('budget_exhausted', what, reached);
}

const secondsIn = (at: Instant): number => Math.floor((Date.parse(at) % 60_000) / 1_000);

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
  const [who = '', window, measure] = key.split('/');
  // Only `limitKey` makes keys.
  return [who, window as LimitWindow, measure as LimitMeasure];
}

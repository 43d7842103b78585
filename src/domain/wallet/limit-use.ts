import type { Instant } from '../ids.ts';
import type { Decimal } from '../money.ts';
import { Decimal as Whole } from '../money.ts';
import type { Limit, LimitWindow } from './limit-events.ts';
import { limitKey, usedIn, windowOf } from './limits.ts';
import type { Wallet } from './wallet.ts';

/** A limit, what counts against it now, and when that ends by itself. */
export interface LimitUse extends Limit {
  readonly used: Decimal;
  /** Null for what has no end. */
  readonly resetsAt: Instant | null;
}

/** All limits, the wallet's own before those of its keys. */
export const limitUses = (wallet: Wallet, at: Instant): readonly LimitUse[] =>
  [...wallet.limits.values()]
    .sort((a, b) => (a.apiKeyId ?? '').localeCompare(b.apiKeyId ?? ''))
    .map((limit) => ({
      ...limit,
      used: usedOf(limit, wallet, at),
      resetsAt: endOf(limit.window, at),
    }));

function usedOf(limit: Limit, wallet: Wallet, at: Instant): Decimal {
  const { apiKeyId, measure, window } = limit;
  switch (measure) {
    case 'overdraft':
      return wallet.owed;
    case 'calls':
      return new Whole(
        apiKeyId === null ? wallet.holds.size : (wallet.openByKey.get(apiKeyId) ?? 0),
      );
    case 'requests':
    case 'tokens':
    case 'money':
      return usedIn(wallet.counters.get(limitKey(limit)), windowOf(window, at));
  }
}

function endOf(window: LimitWindow, at: Instant): Instant | null {
  const now = new Date(at);
  const [year, month, day] = [now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate()];
  switch (window) {
    case 'minute':
      return instantOf(Math.floor(now.getTime() / 60_000) * 60_000 + 60_000);
    case 'day':
      return instantOf(Date.UTC(year, month, day + 1));
    case 'month':
      return instantOf(Date.UTC(year, month + 1));
    case 'total':
    case 'now':
      return null;
  }
}

const instantOf = (ms: number): Instant => new Date(ms).toISOString();

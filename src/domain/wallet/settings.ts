import { money } from '../money.ts';
import { Rejection } from '../rejection.ts';
import type { CountDenials, FreezeWallet, SetLimit } from './commands.ts';
import type { WalletEvent } from './events.ts';
import type { Limit } from './limit-events.ts';
import { limitKey } from './limits.ts';
import type { Opened, Wallet } from './wallet.ts';
import { refuseFull } from './wallet.ts';

/** The wallet's own facts; a command that needs them can't be the first. */
export function openedOr404({ opened }: Wallet): Opened {
  if (opened) return opened;
  throw new Rejection('wallet_not_found', 'There is no such wallet.');
}

/** Sets, changes or (`most: null`) lifts a limit. */
export function setLimit({ limit, reason, at }: SetLimit, wallet: Wallet): readonly WalletEvent[] {
  const { walletId } = openedOr404(wallet);
  refuseUnfit(limit);
  const before = wallet.limits.get(limitKey(limit));
  if ((before?.most ?? null) === limit.most) return [];
  // A limit and its counter.
  if (!before) refuseFull(wallet, 2, at);
  return [{ type: 'LimitSet', data: { walletId, limit, reason } }];
}

/** Calls in flight have no window but now, an overdraft has no key; all else has a window. */
function refuseUnfit({ apiKeyId, window, measure, most }: Limit): void {
  const fits =
    measure === 'calls'
      ? window === 'now'
      : measure === 'overdraft'
        ? window === 'total' && apiKeyId === null
        : window !== 'now';
  if (!fits) {
    throw new Rejection('invalid_limit', `There is no limit of ${measure} a ${window}.`, {
      why: 'no_such_limit',
      values: { measure, window },
    });
  }
  if (most === null) return;
  const amount = money(most);
  if (amount.isNegative() || (isWhole(measure) && !amount.isInteger())) {
    throw new Rejection('invalid_amount', 'A limit is a whole number, or an amount of money.', {
      why: 'limit_amount',
    });
  }
}

const isWhole = (measure: Limit['measure']): boolean =>
  measure === 'calls' || measure === 'requests' || measure === 'tokens';

/** A frozen wallet reserves nothing; what runs ends as usual. */
export function freeze({ type, reason }: FreezeWallet, wallet: Wallet): readonly WalletEvent[] {
  const { walletId } = openedOr404(wallet);
  const isWanted = type === 'FreezeWallet';
  if (wallet.frozen === isWanted) return [];
  return [{ type: isWanted ? 'WalletFrozen' : 'WalletUnfrozen', data: { walletId, reason } }];
}

export function countDenials(
  { minute, denials }: CountDenials,
  { opened }: Wallet,
): readonly WalletEvent[] {
  if (!opened || denials.length === 0) return [];
  const { walletId } = opened;
  return [{ type: 'DenialsCounted', data: { walletId, minute, denials: [...denials] } }];
}

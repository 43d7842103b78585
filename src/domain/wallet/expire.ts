import { account, entry, expiryTarget, grantSource } from '../accounts.ts';
import type { Instant } from '../ids.ts';
import type { Decimal } from '../money.ts';
import { canonical } from '../money.ts';
import { Rejection } from '../rejection.ts';
import type { ExpireLots, RevokeCredit } from './commands.ts';
import type { WalletEvent } from './events.ts';
import type { Lot } from './lots.ts';
import { isExpired } from './lots.ts';
import { openedOr404 } from './settings.ts';
import type { Wallet } from './wallet.ts';
import { lotsIn } from './wallet.ts';

/** Lots that one command ends at most: all of it stands in one append, of at most 500 events. */
export const mostEnds = 400;

/**
 * Ends lots whose time is over, `mostEnds` at a time: asked again, the next ones. What calls hold of
 * one ends when it returns.
 */
export function expireLots({ at }: ExpireLots, wallet: Wallet): readonly WalletEvent[] {
  if (!wallet.opened) return [];
  const { walletId } = wallet.opened;
  return lotsIn(wallet)
    .filter((lot) => lot.ended === null && isExpired(lot, at))
    .slice(0, mostEnds)
    .map((lot) => expired(walletId, lot, lot.free));
}

/** Ends a lot before its time, or writes down that its time is over; again, nothing happens. */
export function revoke(
  { lotId, reason, at }: RevokeCredit,
  wallet: Wallet,
): readonly WalletEvent[] {
  const { walletId } = openedOr404(wallet);
  const lot = wallet.lots.get(lotId);
  if (!lot) throw new Rejection('lot_not_found', 'There is nothing left of such a lot.');
  if (lot.ended !== null) return [];
  if (isExpired(lot, at)) return [expired(walletId, lot, lot.free)];
  return [revoked(walletId, lot, { amount: lot.free, reason })];
}

export interface Returned {
  readonly lotId: string | null;
  readonly amount: Decimal;
}

/** What came back to a lot after its end goes the way of the lot, in the same append. */
export function lapsed(
  wallet: Wallet,
  returned: readonly Returned[],
  at: Instant,
): readonly WalletEvent[] {
  if (!wallet.opened) return [];
  const { walletId } = wallet.opened;
  return returned.flatMap(({ lotId, amount }): readonly WalletEvent[] => {
    const lot = lotId === null ? undefined : wallet.lots.get(lotId);
    if (!lot || amount.isZero()) return [];
    if (lot.ended === 'revoked') return [revoked(walletId, lot, { amount, reason: 'returned' })];
    if (!isExpired(lot, at)) return [];
    return [expired(walletId, lot, lot.ended === null ? lot.free.plus(amount) : amount)];
  });
}

type Ended = Pick<Lot, 'id' | 'asset' | 'kind'>;

const takenFrom = (walletId: string, { asset, kind }: Ended, amount: Decimal, target: string) =>
  entry([
    { account: account.credit(walletId, kind), asset, amount },
    { account: target, asset, amount: amount.negated() },
  ]);

function expired(walletId: string, lot: Ended, amount: Decimal): WalletEvent {
  const { id: lotId, asset, kind } = lot;
  const legs = takenFrom(walletId, lot, amount, expiryTarget(kind, asset));
  return {
    type: 'CreditExpired',
    data: { walletId, lotId, asset, amount: canonical(amount), legs },
  };
}

/** A lot's amount is taken back. */
export function revoked(
  walletId: string,
  lot: Ended,
  { amount, reason }: { readonly amount: Decimal; readonly reason: string },
): WalletEvent {
  const { id: lotId, asset, kind } = lot;
  const legs = takenFrom(walletId, lot, amount, grantSource(kind, asset));
  const data = { walletId, lotId, asset, amount: canonical(amount), reason, legs };
  return { type: 'CreditRevoked', data };
}

import { money } from '../money.ts';
import { fromBook } from './book.ts';
import type { WalletEvent, WalletEventData } from './events.ts';
import {
  accrued,
  corrected,
  forgotten,
  late,
  remember,
  reserved,
  resolved,
  revokedTaken,
  uncounted,
} from './evolve-calls.ts';
import { addLot, changeLots } from './evolve-lots.ts';
import { limitKey } from './limits.ts';
import type { Wallet } from './wallet.ts';
import { inOrder } from './wallet.ts';

/** What has happened to a wallet, applied. */
export function evolve(wallet: Wallet, event: WalletEvent): Wallet {
  switch (event.type) {
    case 'WalletPeriodOpened':
      return opened(wallet, event.data);
    case 'WalletPeriodClosed':
      return { ...wallet, next: event.data.next };
    case 'CreditGranted':
      return granted(wallet, event.data);
    case 'CreditReserved':
      return reserved(wallet, event.data);
    case 'UsageSettled': {
      const { data } = event;
      const after = resolved(wallet, data, data.consumed);
      return data.swept ? remember(wallet, after, data) : after;
    }
    case 'ReservationReleased':
      return resolved(wallet, event.data, []);
    case 'ReservationExpired':
      return remember(wallet, resolved(wallet, event.data, []), event.data);
    case 'LateSettlementPosted':
      return late(wallet, event.data);
    case 'LateCostsPosted':
      return forgotten(wallet, event.data.call.callId);
    case 'UsageCorrected':
      return corrected(wallet, event.data);
    case 'OverageAccrued':
      return accrued(wallet, event.data);
    case 'CreditExpired':
      return ended(wallet, event.data, 'expired');
    case 'CreditRevoked':
      return revokedTaken(ended(wallet, event.data, 'revoked'), event.data.lotId);
    case 'DebtPaid':
      return paid(wallet, event.data);
    case 'LimitSet':
      return limited(wallet, event.data);
    case 'WalletFrozen':
      return { ...wallet, frozen: true };
    case 'WalletUnfrozen':
      return { ...wallet, frozen: false };
    case 'DenialsCounted':
    case 'CommandRefused':
      return wallet;
  }
}

function opened(wallet: Wallet, data: WalletEventData<'WalletPeriodOpened'>): Wallet {
  const { walletId, owner, currency, state, hash } = data;
  const started = state ? fromBook(state) : wallet;
  return { ...started, opened: { walletId, owner, currency }, next: null, previous: hash };
}

function granted(wallet: Wallet, data: WalletEventData<'CreditGranted'>): Wallet {
  const { lotId: id, asset, kind, priority, effectiveAt, expiresAt, scope, past, amount } = data;
  const terms = { id, asset, kind, priority, effectiveAt, expiresAt, scope, past };
  return addLot(wallet, { ...terms, free: money(amount) });
}

const ended = (
  wallet: Wallet,
  { lotId, amount }: { readonly lotId: string; readonly amount: string },
  how: 'expired' | 'revoked',
): Wallet => changeLots(wallet, [{ lotId, free: money(amount).negated(), ended: how }]);

function paid(wallet: Wallet, { amount, consumed }: WalletEventData<'DebtPaid'>): Wallet {
  const taken = changeLots(
    wallet,
    consumed.map((part) => ({ lotId: part.lotId, free: money(part.amount).negated() })),
  );
  return { ...taken, owed: taken.owed.minus(amount) };
}

function limited(wallet: Wallet, { limit }: WalletEventData<'LimitSet'>): Wallet {
  const key = limitKey(limit);
  const limits = new Map(wallet.limits);
  if (limit.most !== null) return { ...wallet, limits: inOrder(limits.set(key, limit)) };
  const counters = new Map(wallet.counters);
  limits.delete(key);
  counters.delete(key);
  return { ...uncounted(wallet, key), limits, counters };
}

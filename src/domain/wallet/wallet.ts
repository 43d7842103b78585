import type { Asset } from '../accounts.ts';
import type { Instant } from '../ids.ts';
import type { Decimal } from '../money.ts';
import { money, sum, zero } from '../money.ts';
import { Rejection } from '../rejection.ts';
import type { CallFacts, PriceUsed, WalletEvent, WalletEventData } from './events.ts';
import type { HeldPart, Lot } from './lots.ts';
import { isExpired } from './lots.ts';

/** The reserved part of a wallet for one call. */
export interface Hold {
  readonly call: CallFacts;
  readonly processId: string;
  readonly asset: Asset;
  readonly amount: Decimal;
  readonly parts: readonly HeldPart[];
  readonly maxOutput: number;
  readonly price: PriceUsed;
}

/** A wallet as its events make it. */
export interface Wallet {
  readonly opened: WalletEventData<'WalletPeriodOpened'> | null;
  readonly lots: ReadonlyMap<string, Lot>;
  readonly holds: ReadonlyMap<string, Hold>;
  readonly grants: number;
}

export const emptyWallet: Wallet = { opened: null, lots: new Map(), holds: new Map(), grants: 0 };

/** Past this many lots and holds the state would not fit one event. */
const mostEntries = 4_000;

/** Throws when there is no room for one more lot or hold; ending one is always possible. */
export function refuseFull({ lots, holds }: Wallet): void {
  if (lots.size + holds.size < mostEntries) return;
  throw new Rejection('wallet_full', 'Too many calls or grants are open in this wallet.');
}

export interface Balance {
  readonly asset: Asset;
  /** Granted and not yet consumed, expired or revoked; holds are part of it. */
  readonly posted: Decimal;
  readonly held: Decimal;
  /** What a call may draw on now. */
  readonly available: Decimal;
}

/** One balance per asset that the wallet has ever held something of, its currency first. */
export function balances(wallet: Wallet, at: Instant): readonly Balance[] {
  const assets = new Set<Asset>(wallet.opened ? [wallet.opened.currency] : []);
  for (const { asset } of wallet.lots.values()) assets.add(asset);
  return [...assets].map((asset) => {
    const lots = [...wallet.lots.values()].filter((lot) => lot.asset === asset);
    const usable = lots.filter((lot) => lot.effectiveAt <= at && !isExpired(lot, at));
    const held = sum(lots.map((lot) => lot.held));
    return {
      asset,
      posted: sum(lots.map((lot) => lot.free)).plus(held),
      held,
      available: sum(usable.map((lot) => lot.free)),
    };
  });
}

/** What has happened to a wallet, applied. */
export function evolve(wallet: Wallet, event: WalletEvent): Wallet {
  switch (event.type) {
    case 'WalletPeriodOpened':
      return { ...wallet, opened: event.data };
    case 'CreditGranted':
      return granted(wallet, event.data);
    case 'CreditReserved':
      return reserved(wallet, event.data);
    case 'UsageSettled':
      return resolved(wallet, event.data, event.data.consumed);
    case 'ReservationReleased':
    case 'ReservationExpired':
      return resolved(wallet, event.data, []);
    case 'CreditExpired':
      return changeLots(wallet, [{ ...event.data, free: money(event.data.amount).negated() }]);
    case 'OverageAccrued':
      return wallet;
  }
}

function granted(wallet: Wallet, data: WalletEventData<'CreditGranted'>): Wallet {
  const lot: Lot = {
    id: data.lotId,
    asset: data.asset,
    kind: data.kind,
    priority: data.priority,
    effectiveAt: data.effectiveAt,
    expiresAt: data.expiresAt,
    scope: data.scope,
    sequence: wallet.grants,
    free: money(data.amount),
    held: zero,
  };
  return { ...wallet, lots: new Map(wallet.lots).set(lot.id, lot), grants: wallet.grants + 1 };
}

function reserved(wallet: Wallet, data: WalletEventData<'CreditReserved'>): Wallet {
  const parts = data.alloc.map(({ lotId, amount }) => {
    const kind = wallet.lots.get(lotId)?.kind ?? 'paid';
    return { lotId, kind, amount: money(amount) };
  });
  const hold: Hold = {
    call: data.call,
    processId: data.processId,
    asset: data.asset,
    amount: money(data.amount),
    parts,
    maxOutput: data.maxOutput,
    price: data.price,
  };
  const moved = changeLots(
    wallet,
    parts.map(({ lotId, amount }) => ({ lotId, free: amount.negated(), held: amount })),
  );
  return { ...moved, holds: new Map(wallet.holds).set(data.call.callId, hold) };
}

type Resolved = WalletEventData<'UsageSettled' | 'ReservationReleased' | 'ReservationExpired'>;
type Parts = readonly { readonly lotId: string; readonly amount: string }[];

function resolved(wallet: Wallet, { call, returned }: Resolved, consumed: Parts): Wallet {
  const holds = new Map(wallet.holds);
  holds.delete(call.callId);
  const moved = changeLots(wallet, [
    ...consumed.map(({ lotId, amount }) => ({ lotId, held: money(amount).negated() })),
    ...returned.map(({ lotId, amount }) => ({
      lotId,
      free: money(amount),
      held: money(amount).negated(),
    })),
  ]);
  return { ...moved, holds };
}

interface LotChange {
  readonly lotId: string;
  readonly free?: Decimal;
  readonly held?: Decimal;
}

/** Applies changes and forgets lots of which nothing is left. */
function changeLots(wallet: Wallet, changes: readonly LotChange[]): Wallet {
  const lots = new Map(wallet.lots);
  for (const { lotId, free, held } of changes) {
    const lot = lots.get(lotId);
    if (!lot) continue;
    const changed = {
      ...lot,
      free: free ? lot.free.plus(free) : lot.free,
      held: held ? lot.held.plus(held) : lot.held,
    };
    lots.set(lotId, changed);
  }
  for (const { lotId } of changes) {
    const lot = lots.get(lotId);
    if (lot?.free.isZero() && lot.held.isZero()) lots.delete(lotId);
  }
  return { ...wallet, lots };
}

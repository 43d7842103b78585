import type { Decimal } from '../money.ts';
import { canonical, money, sum, zero } from '../money.ts';
import type { WalletEvent } from './events.ts';
import type { Wrong } from './finding.ts';
import type { Wallet } from './wallet.ts';

/** What one event does to one lot; null is the overdraft. */
interface LotMove {
  readonly lotId: string | null;
  readonly granted?: Decimal;
  /** Taken from what is held, or, without a hold, from what is free. */
  readonly consumed?: Decimal;
  readonly held?: Decimal;
  /** Expired or revoked. */
  readonly ended?: Decimal;
}

/** What an event says of lots, by itself: whoever believes it needs no state. */
export function lotMoves({ type, data }: WalletEvent): readonly LotMove[] {
  switch (type) {
    case 'CreditGranted':
      return [{ lotId: data.lotId, granted: money(data.amount) }];
    case 'CreditReserved':
      return data.alloc.map(({ lotId, amount }) => ({ lotId, held: money(amount) }));
    case 'UsageSettled':
      return [
        ...data.consumed.map(({ lotId, amount }) => ({
          lotId,
          held: money(amount).negated(),
          consumed: money(amount),
        })),
        ...data.returned.map(back),
      ];
    case 'ReservationReleased':
    case 'ReservationExpired':
      return data.returned.map(back);
    case 'LateSettlementPosted':
      return [...data.consumed.map(spent), ...data.lots.map(made)];
    case 'UsageCorrected':
      return data.lots.map(made);
    case 'CreditExpired':
    case 'CreditRevoked':
      return [{ lotId: data.lotId, ended: money(data.amount) }];
    case 'DebtPaid':
      return data.consumed.map(spent);
    case 'WalletPeriodOpened':
    case 'WalletPeriodClosed':
    case 'LateCostsPosted':
    case 'OverageAccrued':
    case 'LimitSet':
    case 'DenialsCounted':
    case 'WalletFrozen':
    case 'WalletUnfrozen':
    case 'CommandRefused':
      return [];
  }
}

interface Part {
  readonly lotId: string | null;
  readonly amount: string;
}
const back = ({ lotId, amount }: Part): LotMove => ({ lotId, held: money(amount).negated() });
const spent = ({ lotId, amount }: Part): LotMove => ({ lotId, consumed: money(amount) });
const made = ({ lotId, amount }: Part): LotMove => ({ lotId, granted: money(amount) });

/** The lots an event names, each once. */
export const lotsNamed = (event: WalletEvent): readonly string[] => [
  ...new Set(lotMoves(event).flatMap(({ lotId }) => lotId ?? [])),
];

interface LotAccount {
  readonly granted: Decimal;
  readonly consumed: Decimal;
  readonly held: Decimal;
  readonly ended: Decimal;
}
const nothing: LotAccount = { granted: zero, consumed: zero, held: zero, ended: zero };

/** An account of every lot, kept from the events alone, that the fold is compared with (I6, I8). */
export function lotLedger() {
  const accounts = new Map<string, LotAccount>();
  const granted = new Set<string>();

  const take = (id: string, { lots }: Wallet) => {
    const { free = zero, held = zero } = lots.get(id) ?? {};
    if (free.isZero() && held.isZero()) accounts.delete(id);
    else accounts.set(id, { ...nothing, granted: free.plus(held), held });
  };

  return {
    /** Takes over what a stream began with. */
    open(wallet: Wallet): void {
      accounts.clear();
      for (const { id } of wallet.lots.values()) {
        granted.add(id);
        take(id, wallet);
      }
    },
    /** Lots that an event grants and that were granted before. */
    again(event: WalletEvent): readonly Wrong[] {
      return lotMoves(event).flatMap((move): readonly Wrong[] => {
        if (!move.granted || move.lotId === null) return [];
        if (granted.has(move.lotId)) {
          return [{ invariant: 'I8', what: `Lot ${move.lotId} is granted again.` }];
        }
        granted.add(move.lotId);
        return [];
      });
    },
    /** Books an event, and says where the fold has another result. */
    post(event: WalletEvent, after: Wallet): readonly Wrong[] {
      for (const { lotId, ...move } of lotMoves(event)) {
        if (lotId !== null) accounts.set(lotId, moved(accounts.get(lotId) ?? nothing, move));
      }
      return lotsNamed(event).flatMap((id): readonly Wrong[] => {
        const wrong = compared(id, accounts.get(id) ?? nothing, after);
        // What differs once is told once.
        take(id, after);
        return wrong;
      });
    },
    /** Leaves an event out of account, because it is wrong as a whole. */
    skip(event: WalletEvent, after: Wallet): void {
      for (const id of lotsNamed(event)) take(id, after);
    },
  };
}

const moved = (account: LotAccount, move: Omit<LotMove, 'lotId'>): LotAccount => ({
  granted: account.granted.plus(move.granted ?? zero),
  consumed: account.consumed.plus(move.consumed ?? zero),
  held: account.held.plus(move.held ?? zero),
  ended: account.ended.plus(move.ended ?? zero),
});

function compared(
  id: string,
  { granted, consumed, held, ended }: LotAccount,
  { lots }: Wallet,
): readonly Wrong[] {
  const lot = lots.get(id);
  const remaining = granted.minus(sum([consumed, held, ended]));
  const { free = zero, held: holding = zero } = lot ?? {};
  if (remaining.eq(free) && held.eq(holding)) return [];
  const what =
    `Of lot ${id} remain ${canonical(remaining)} and ${canonical(held)} held by its events, ` +
    `${canonical(free)} and ${canonical(holding)} by the fold.`;
  return [{ invariant: 'I6', what }];
}

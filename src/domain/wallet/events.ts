import { z } from 'zod';
import { Currency } from '../accounts.ts';
import { CommandRefused } from '../command-refused.ts';
import type { EventOf } from '../event-table.ts';
import { Uuid } from '../ids.ts';
import { WalletBook } from './book.ts';
import {
  CreditReserved,
  LateSettlementPosted,
  OverageAccrued,
  ReservationExpired,
  ReservationReleased,
  UsageSettled,
} from './call-events.ts';
import { DenialsCounted, LimitSet, WalletFrozen, WalletUnfrozen } from './limit-events.ts';
import {
  CreditExpired,
  CreditGranted,
  CreditRevoked,
  DebtPaid,
  UsageCorrected,
} from './lot-events.ts';

/** The first event of each of a wallet's streams. */
const WalletPeriodOpened = z.object({
  walletId: Uuid,
  owner: z.object({ type: z.literal('member'), id: Uuid }),
  currency: Currency,
  /** What the stream before ended with; null in the first one. */
  state: WalletBook.nullable().default(null),
  hash: z.string().nullable().default(null),
});

/** The last event of a stream: all that decisions ask, carried into the next. */
const WalletPeriodClosed = z.object({
  walletId: Uuid,
  state: WalletBook,
  /** SHA-256 of the state, which holds the hash before it: a chain through all streams. */
  hash: z.string(),
  /** The stream in which it goes on. */
  next: z.string(),
});

export const walletEvents = {
  WalletPeriodOpened,
  WalletPeriodClosed,
  CreditGranted,
  CreditReserved,
  UsageSettled,
  ReservationReleased,
  ReservationExpired,
  LateSettlementPosted,
  UsageCorrected,
  OverageAccrued,
  CreditExpired,
  CreditRevoked,
  DebtPaid,
  LimitSet,
  DenialsCounted,
  WalletFrozen,
  WalletUnfrozen,
  CommandRefused,
};
export type WalletEvent = EventOf<typeof walletEvents>;
export type WalletEventData<Type extends WalletEvent['type']> = Extract<
  WalletEvent,
  { type: Type }
>['data'];

/** The wallet that an event names; null for a refusal, which is the same in every noun. */
export const walletNamedIn = ({ data }: WalletEvent): string | null =>
  'walletId' in data ? data.walletId : null;

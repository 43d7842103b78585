import { z } from 'zod';
import { Currency } from '../accounts.ts';
import { CommandRefused } from '../command-refused.ts';
import type { EventOf } from '../event-table.ts';
import { Uuid } from '../ids.ts';
import { WalletBook } from './book.ts';
import {
  CreditReserved,
  LateCostsPosted,
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

const hash = z
  .string()
  .describe('SHA-256 of the state, which holds the hash before it: a chain through all streams');

const WalletPeriodOpened = z
  .object({
    walletId: Uuid,
    owner: z.object({ type: z.literal('member'), id: Uuid }),
    currency: Currency,
    state: WalletBook.nullable()
      .default(null)
      .describe('what the stream before ended with; null in the first one'),
    hash: hash.nullable().default(null),
  })
  .describe(`A wallet was opened, or goes on: the first event of each of its streams.`);

const WalletPeriodClosed = z
  .object({
    walletId: Uuid,
    state: WalletBook,
    hash,
    next: z.string().describe('the stream in which it goes on'),
  })
  .describe('A stream was closed with all that decisions ask, which the next one begins with.');

export const walletEvents = {
  WalletPeriodOpened,
  WalletPeriodClosed,
  CreditGranted,
  CreditReserved,
  UsageSettled,
  ReservationReleased,
  ReservationExpired,
  LateSettlementPosted,
  LateCostsPosted,
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

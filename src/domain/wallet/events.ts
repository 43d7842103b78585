import { z } from 'zod';
import { Asset, CreditKind, Currency, Leg } from '../accounts.ts';
import type { EventOf } from '../event-table.ts';
import { Instant, Uuid } from '../ids.ts';
import { Amount } from '../money.ts';
import { Prices } from '../price-list/events.ts';
import { Usage } from '../price-list/usage.ts';

const walletId = Uuid;
const legs = z.array(Leg);

/** A part of one lot. */
const LotPart = z.object({ lotId: Uuid, amount: Amount });
export type LotPart = z.infer<typeof LotPart>;

/** What a hold takes from one lot, fixed when the call is reserved. */
export const Allocation = z.object({ lotId: Uuid, asset: Asset, amount: Amount });
export type Allocation = z.infer<typeof Allocation>;

/** Whom a call is for and what it asked: everything the row of a call says before its end. */
const CallFacts = z.object({
  callId: Uuid,
  memberId: Uuid,
  apiKeyId: Uuid,
  requestId: z.string(),
  clientRequestId: z.string().nullable(),
  model: z.string(),
});
export type CallFacts = z.infer<typeof CallFacts>;

/** The price list that a charge was rated with, so that a replay needs no catalogue. */
export const PriceUsed = z.object({
  alias: z.string(),
  version: z.int().positive(),
  currency: Currency,
  prices: Prices,
});
export type PriceUsed = z.infer<typeof PriceUsed>;

/** `usage`: the upstream said it; `estimate`: counted by us; `checkpoint`: counted up to a crash. */
export const Basis = z.enum(['usage', 'estimate', 'checkpoint']);
export type Basis = z.infer<typeof Basis>;

/** What became of a call, as its row says. */
export const CallOutcome = z.enum([
  'completed',
  'client_closed',
  'timed_out',
  'shut_down',
  'upstream_failed',
  'upstream_timed_out',
  'refused',
  'abandoned',
]);
export type CallOutcome = z.infer<typeof CallOutcome>;

const ended = {
  walletId,
  call: CallFacts,
  outcome: CallOutcome,
  /** The upstream that answered, or was asked last; null when none was. */
  upstream: z.string().nullable(),
  upstreamModel: z.string().nullable(),
  latencyMs: z.int().nonnegative(),
  firstTokenMs: z.int().nonnegative().nullable(),
  asset: Asset,
  legs,
};

const WalletPeriodOpened = z.object({
  walletId,
  owner: z.object({ type: z.literal('member'), id: Uuid }),
  currency: Currency,
});

const CreditGranted = z.object({
  walletId,
  lotId: Uuid,
  asset: Asset,
  amount: Amount,
  kind: CreditKind,
  /** Lower burns first. */
  priority: z.int(),
  effectiveAt: Instant,
  expiresAt: Instant.nullable(),
  /** The aliases it may be spent on; null: all. */
  scope: z.array(z.string()).nullable(),
  reason: z.string(),
  legs,
});

const CreditReserved = z.object({
  walletId,
  call: CallFacts,
  /** The process that must end this call; when its lease lapses the sweeper does. */
  processId: Uuid,
  asset: Asset,
  amount: Amount,
  alloc: z.array(Allocation),
  /** Output tokens an answer may have, after the clamp. */
  maxOutput: z.int().nonnegative(),
  price: PriceUsed,
  legs,
});

const UsageSettled = z.object({
  ...ended,
  basis: Basis,
  usage: Usage,
  price: PriceUsed,
  charge: Amount,
  consumed: z.array(LotPart),
  returned: z.array(LotPart),
});

const ReservationReleased = z.object({ ...ended, returned: z.array(LotPart) });

/** A hold whose process is gone, and nothing says what the call consumed. */
const ReservationExpired = z.object({
  ...ended,
  basis: z.literal('no_evidence'),
  returned: z.array(LotPart),
});

/** More was used than could be reserved; absorbed by the operator. */
const OverageAccrued = z.object({
  walletId,
  callId: Uuid,
  asset: Asset,
  amount: Amount,
  treatment: z.literal('absorbed'),
  legs,
});

const CreditExpired = z.object({ walletId, lotId: Uuid, asset: Asset, amount: Amount, legs });

export const walletEvents = {
  WalletPeriodOpened,
  CreditGranted,
  CreditReserved,
  UsageSettled,
  ReservationReleased,
  ReservationExpired,
  OverageAccrued,
  CreditExpired,
};
export type WalletEvent = EventOf<typeof walletEvents>;
export type WalletEventData<Type extends WalletEvent['type']> = Extract<
  WalletEvent,
  { type: Type }
>['data'];

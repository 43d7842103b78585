import { z } from 'zod';
import { Asset, Currency, Leg } from '../accounts.ts';
import { Instant, Uuid } from '../ids.ts';
import { Amount } from '../money.ts';
import { Prices } from '../price-list/events.ts';
import { Usage } from '../price-list/usage.ts';
import { NewLot } from './lot-events.ts';

const walletId = Uuid;
const legs = z.array(Leg);

/** A part of one lot; null: of the overdraft. */
export const LotPart = z.object({ lotId: Uuid.nullable(), amount: Amount });
export type LotPart = z.infer<typeof LotPart>;

/** What a hold takes from one lot, fixed when the call is reserved. */
const Allocation = z.object({ lotId: Uuid.nullable(), asset: Asset, amount: Amount });

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

/** The same as the end of a call repeats it. */
export const EndedCall = CallFacts.omit({ clientRequestId: true });
export type EndedCall = z.infer<typeof EndedCall>;

/** The price list that a charge was rated with, so that a replay needs no catalogue. */
export const PriceUsed = z.object({
  alias: z.string(),
  version: z.int().positive(),
  currency: Currency,
  prices: Prices,
});
export type PriceUsed = z.infer<typeof PriceUsed>;

/**
 * `usage`: the upstream said it; `estimate`: counted by us; `checkpoint`: counted up to a crash;
 * `bound`: nobody counted what the call is paid in, so that it is charged all that it holds.
 */
export const Basis = z.enum(['usage', 'estimate', 'checkpoint', 'bound']);
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

/** What an upstream charges us. */
export const Cost = z.object({ upstream: z.string(), asset: Currency, amount: Amount });
export type Cost = z.infer<typeof Cost>;

/** What counts against a limit within one of its windows; negative when a bound is corrected. */
export const Counted = z.object({ limit: z.string(), window: z.string(), amount: Amount });
export type Counted = z.infer<typeof Counted>;

/** Events from before these fields were written had none of it. */
export const longAgo: Instant = '1970-01-01T00:00:00.000Z';
const at = Instant.default(longAgo);
const counted = z.array(Counted).default([]);
const costs = z.array(Cost).default([]);

const ended = {
  walletId,
  call: EndedCall,
  outcome: CallOutcome,
  /** The upstream that answered, or was asked last; null when none was. */
  upstream: z.string().nullable(),
  upstreamModel: z.string().nullable(),
  latencyMs: z.int().nonnegative(),
  firstTokenMs: z.int().nonnegative().nullable(),
  asset: Asset,
  at,
  counted,
  costs,
  legs,
};

export const CreditReserved = z.object({
  walletId,
  call: CallFacts,
  /** The process that must end this call; when its lease lapses the sweeper does. */
  processId: Uuid,
  asset: Asset,
  amount: Amount,
  alloc: z.array(Allocation),
  /** Output tokens an answer may have, after the clamp. */
  maxOutput: z.int().nonnegative(),
  /** The bound in tokens, which limits of tokens count until the call's end. */
  tokens: Amount.default('0'),
  price: PriceUsed,
  at,
  counted,
  legs,
});

export const UsageSettled = z.object({
  ...ended,
  basis: Basis,
  usage: Usage,
  /** Code points of input and answer; null where nobody needed them. */
  characters: z.int().nonnegative().nullable().default(null),
  price: PriceUsed,
  charge: Amount,
  consumed: z.array(LotPart),
  returned: z.array(LotPart),
  /** The sweeper did it, so that the call itself may still post a difference. */
  swept: z.boolean().default(false),
});

export const ReservationReleased = z.object({ ...ended, returned: z.array(LotPart) });

/** A hold whose process is gone, and nothing says what the call consumed. */
export const ReservationExpired = z.object({
  ...ended,
  basis: z.literal('no_evidence'),
  /** What the upstreams may charge us; in `suspense` until somebody knows. */
  possibleCosts: costs,
  returned: z.array(LotPart),
});

/** What a call that outlived its hold consumed, less what the sweeper charged for it. */
export const LateSettlementPosted = z.object({
  ...ended,
  usage: Usage,
  characters: z.int().nonnegative().nullable(),
  price: PriceUsed,
  /** The whole charge now; what corrections gave back of it is part of it. */
  charge: Amount,
  /** Nothing of the call was counted before, and it isn't one that failed; null: nobody wrote it down. */
  first: z.boolean().nullable().default(null),
  /** What is charged now beyond what was; negative when too much was. */
  difference: Amount,
  consumed: z.array(LotPart),
  lots: z.array(NewLot),
  /** Beyond those that were booked when the hold was swept; negative where too much was. */
  costs,
});

/** Who bears what is beyond a hold: the operator, or the member. */
const Treatment = z.enum(['absorbed', 'owed']);
export type Treatment = z.infer<typeof Treatment>;

/** More was used than could be reserved. */
export const OverageAccrued = z.object({
  walletId,
  callId: Uuid,
  asset: Asset,
  amount: Amount,
  treatment: Treatment,
  counted,
  legs,
});

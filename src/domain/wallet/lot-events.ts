import { z } from 'zod';
import { Asset, CreditKind, Leg } from '../accounts.ts';
import { Instant, Uuid } from '../ids.ts';
import { Amount } from '../money.ts';

const walletId = Uuid;
const legs = z.array(Leg);

/** What a call may do when an allowance doesn't cover it: be refused, or be paid with money. */
export const Past = z.enum(['block', 'bill']);
export type Past = z.infer<typeof Past>;

/** What of a lot never changes. */
const terms = {
  lotId: Uuid,
  kind: CreditKind,
  /** Lower burns first. */
  priority: z.int(),
  expiresAt: Instant.nullable(),
  /** The aliases it may be spent on; null: all. */
  scope: z.array(z.string()).nullable(),
};

/** A lot that an event makes from what was charged before. */
export const NewLot = z.object({ ...terms, amount: Amount });
export type NewLot = z.infer<typeof NewLot>;

/** What was taken from a lot, with its terms. */
export const TakenLot = NewLot.extend({
  /** The lot was revoked: what comes back of it is, too. Left out otherwise, as in older books. */
  revoked: z.literal(true).optional(),
});
export type TakenLot = z.infer<typeof TakenLot>;

export const CreditGranted = z.object({
  walletId,
  ...terms,
  asset: Asset,
  amount: Amount,
  effectiveAt: Instant,
  past: Past.default('bill'),
  reason: z.string(),
  legs,
});

export const CreditExpired = z.object({
  walletId,
  lotId: Uuid,
  asset: Asset,
  amount: Amount,
  legs,
});

/** A lot's unused part is taken back; what returns to it later goes the same way. */
export const CreditRevoked = z.object({
  walletId,
  lotId: Uuid,
  asset: Asset,
  amount: Amount,
  reason: z.string(),
  legs,
});

/** Paid credit that was not held went into a debt. */
export const DebtPaid = z.object({
  walletId,
  asset: Asset,
  amount: Amount,
  consumed: z.array(z.object({ lotId: Uuid, amount: Amount })),
  legs,
});

/** Part of a charge is given back, for a reason that somebody answers for. */
export const UsageCorrected = z.object({
  walletId,
  /** The settlement that it corrects. */
  eventId: Uuid,
  callId: Uuid,
  memberId: Uuid,
  model: z.string(),
  asset: Asset,
  amount: Amount,
  lots: z.array(NewLot),
  effectiveAt: Instant,
  reason: z.string(),
  approver: z.string(),
  legs,
});

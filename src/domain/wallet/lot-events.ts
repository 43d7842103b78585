import { z } from 'zod';
import { Asset, CreditKind, Leg } from '../accounts.ts';
import { Instant, Uuid } from '../ids.ts';
import { Amount } from '../money.ts';

const walletId = Uuid;
const legs = z.array(Leg);
const reason = z.string().describe('why, in the words of whoever did it');

export const Past = z
  .enum(['block', 'bill'])
  .describe(
    `what a call may do when an allowance doesn't cover it: be refused, or paid with money`,
  );
export type Past = z.infer<typeof Past>;

/** What of a lot never changes. */
const terms = {
  lotId: Uuid,
  kind: CreditKind,
  priority: z.int().describe('lower burns first'),
  expiresAt: Instant.nullable().describe('null: never'),
  scope: z.array(z.string()).nullable().describe('the aliases it may be spent on; null: all'),
};

export const NewLot = z
  .object({ ...terms, amount: Amount })
  .describe('a lot that an event makes from what was charged before');
export type NewLot = z.infer<typeof NewLot>;

export const TakenLot = NewLot.extend({
  /** Left out where it isn't, as in older books. */
  revoked: z
    .literal(true)
    .optional()
    .describe('the lot was revoked: what comes back of it is, too'),
}).describe('what was taken from a lot, with its terms');
export type TakenLot = z.infer<typeof TakenLot>;

export const CreditGranted = z
  .object({
    walletId,
    ...terms,
    asset: Asset,
    amount: Amount,
    effectiveAt: Instant.describe('from when it may be spent'),
    past: Past.default('bill'),
    reason,
    legs,
  })
  .describe('A wallet was given a lot of credit, or an allowance of units.');

export const CreditExpired = z
  .object({
    walletId,
    lotId: Uuid,
    asset: Asset,
    amount: Amount.describe('what of it was still free'),
    legs,
  })
  .describe(`A lot's time was over: its unused part is gone.`);

export const CreditRevoked = z
  .object({
    walletId,
    lotId: Uuid,
    asset: Asset,
    amount: Amount.describe('what of it was still free'),
    reason,
    legs,
  })
  .describe(`A lot's unused part was taken back; what returns to it later goes the same way.`);

export const DebtPaid = z
  .object({
    walletId,
    asset: Asset,
    amount: Amount,
    consumed: z
      .array(z.object({ lotId: Uuid, amount: Amount }))
      .describe('what each lot paid of it'),
    legs,
  })
  .describe('Paid credit that was not held went into a debt.');

export const UsageCorrected = z
  .object({
    walletId,
    eventId: Uuid.describe('the settlement that it corrects'),
    callId: Uuid,
    memberId: Uuid,
    model: z.string().describe('the alias that was asked for'),
    asset: Asset,
    amount: Amount.describe('what is given back'),
    lots: z.array(NewLot).describe('in which lots it comes back'),
    effectiveAt: Instant.describe('from when it may be spent again'),
    reason,
    approver: z.string().describe('who answers for it'),
    legs,
  })
  .describe('Part of a charge was given back, for a reason that somebody answers for.');

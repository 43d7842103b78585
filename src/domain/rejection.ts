import { z } from 'zod';

/** Every way the domain says no. Codes are stable for ever: the API maps each to a status. */
export const RejectionCode = z.enum([
  'already_set_up',
  'api_key_not_found',
  'budget_exhausted',
  'claim_conflict',
  'code_expired',
  'code_invalid',
  'credit_on_hold',
  'currency_mismatch',
  'email_taken',
  'email_unverified',
  'hold_conflict',
  'idempotency_conflict',
  'insufficient_quota',
  'invalid_amount',
  'invalid_credentials',
  'invalid_expiry',
  'invalid_limit',
  'kind_not_grantable',
  'lot_not_found',
  'member_not_found',
  'rate_limit_exceeded',
  'settlement_not_found',
  'wallet_frozen',
  'wallet_full',
  'wallet_not_found',
]);
export type RejectionCode = z.infer<typeof RejectionCode>;

/** A refusal by a rule of the domain: nothing was changed. */
export class Rejection extends Error {
  readonly code: RejectionCode;
  /** When the same may be asked again, if that is known. */
  readonly retryAfterSeconds: number | undefined;

  constructor(
    code: RejectionCode,
    message: string,
    { retryAfterSeconds }: { readonly retryAfterSeconds?: number } = {},
  ) {
    super(message);
    this.name = 'Rejection';
    this.code = code;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

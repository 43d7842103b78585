import { z } from 'zod';

/** Every way the domain says no. Codes are stable for ever: the API maps each to a status. */
export const RejectionCode = z.enum([
  'account_disabled',
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
  'too_many_api_keys',
  'upstream_key_required',
  'wallet_frozen',
  'wallet_full',
  'wallet_not_found',
]);
export type RejectionCode = z.infer<typeof RejectionCode>;

/** Why, where a code alone doesn't say it; a text of the message catalogue. */
export type RejectionReason =
  | 'call_beyond_limit'
  | 'calls_at_once'
  | 'correction_beyond_charge'
  | 'correction_not_positive'
  | 'debt_first'
  | 'grant_not_positive'
  | 'key_not_of_wallet'
  | 'keys_a_day'
  | 'key_of_other_server'
  | 'kind_not_by_hand'
  | 'late_not_covered'
  | 'limit_amount'
  | 'limit_reached'
  | 'model_not_priced'
  | 'no_such_limit'
  | 'units_not_whole'
  | 'units_only_block'
  | 'wallet_currency';

interface Details {
  /** When the same may be asked again, if that is known. */
  readonly retryAfterSeconds?: number | undefined;
  readonly why?: RejectionReason | undefined;
  /** What its text names: amounts, windows, kinds. */
  readonly values?: Readonly<Record<string, string>>;
}

/** A refusal by a rule of the domain: nothing was changed. Its message is for developers and logs. */
export class Rejection extends Error {
  readonly code: RejectionCode;
  /** When the same may be asked again, if that is known. */
  readonly retryAfterSeconds: number | undefined;
  readonly why: RejectionReason | undefined;
  readonly values: Readonly<Record<string, string>>;

  constructor(code: RejectionCode, message: string, details: Details = {}) {
    super(message);
    this.name = 'Rejection';
    this.code = code;
    this.retryAfterSeconds = details.retryAfterSeconds;
    this.why = details.why;
    this.values = details.values ?? {};
  }
}

/** Every way the domain says no. Codes are stable for ever: the API maps each to a status. */
export type RejectionCode =
  | 'already_set_up'
  | 'api_key_not_found'
  | 'claim_conflict'
  | 'code_expired'
  | 'code_invalid'
  | 'credit_on_hold'
  | 'currency_mismatch'
  | 'email_taken'
  | 'email_unverified'
  | 'hold_conflict'
  | 'idempotency_conflict'
  | 'insufficient_quota'
  | 'invalid_amount'
  | 'invalid_credentials'
  | 'invalid_expiry'
  | 'kind_not_grantable'
  | 'member_not_found'
  | 'wallet_full';

/** A refusal by a rule of the domain: nothing was changed. */
export class Rejection extends Error {
  readonly code: RejectionCode;

  constructor(code: RejectionCode, message: string) {
    super(message);
    this.name = 'Rejection';
    this.code = code;
  }
}

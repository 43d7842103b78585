import type { RefusalMeaning } from '../adapters/llm/call-fault.ts';
import type { RejectionCode } from '../domain/rejection.ts';

/** What the edge refuses or fails at by itself, beside the domain's refusals; stable for ever. */
export type EdgeCode =
  | 'body_too_large'
  | 'budget_not_found'
  | 'client_app_not_found'
  | 'budget_spent'
  | 'event_from_newer_version'
  | 'call_not_found'
  | RefusalMeaning
  | 'forbidden'
  | 'idempotency_key_required'
  | 'internal_error'
  | 'invalid_api_key'
  | 'invalid_json'
  | 'invalid_request'
  | 'method_not_allowed'
  | 'model_not_found'
  | 'model_not_routed'
  | 'model_unavailable'
  | 'not_found'
  | 'outcome_unknown'
  | 'plan_expired'
  | 'plan_not_permitted'
  | 'projection_not_found'
  | 'read_models_behind'
  | 'route_not_found'
  | 'upstream_in_use'
  | 'upstream_not_found'
  | 'too_many_attempts'
  | 'unauthenticated'
  | 'unavailable'
  | 'unknown_upstream'
  | 'unsupported_media_type'
  | 'upstream_error'
  | 'upstream_timeout';

export type ErrorCode = RejectionCode | EdgeCode;

/** OpenAI's coarse classes of errors, in `error.type`. */
type ErrorType =
  | 'invalid_request_error'
  | 'authentication_error'
  | 'permission_error'
  | 'insufficient_quota'
  | 'rate_limit_exceeded'
  | 'server_error'
  | 'upstream_error';

export interface ErrorKind {
  readonly status: number;
  readonly type: ErrorType;
  /** Outside of `/v1`, where it means something else. */
  readonly apiStatus?: number;
  readonly retryAfterSeconds?: number;
  /** Tells OpenAI's SDKs not to try again what they would by status. */
  readonly final?: true;
}

const invalid = (status = 400): ErrorKind => ({ status, type: 'invalid_request_error' });
const denied = (status = 403): ErrorKind => ({ status, type: 'permission_error' });
const later = (status: number, retryAfterSeconds: number): ErrorKind => ({
  status,
  type: status === 429 ? 'rate_limit_exceeded' : 'server_error',
  retryAfterSeconds,
});

/** Every code's status and class. */
export const errorTable: Readonly<Record<ErrorCode, ErrorKind>> = {
  account_disabled: denied(),
  already_set_up: invalid(409),
  api_key_not_found: invalid(404),
  body_too_large: invalid(413),
  budget_exhausted: { status: 429, type: 'insufficient_quota', final: true },
  budget_not_found: invalid(404),
  client_app_not_found: invalid(404),
  budget_spent: { ...later(503, 60), final: true },
  claim_conflict: invalid(409),
  code_expired: invalid(),
  code_invalid: invalid(),
  content_filter: invalid(),
  content_policy_violation: invalid(),
  context_length_exceeded: invalid(),
  credit_on_hold: later(429, 1),
  currency_mismatch: invalid(),
  email_taken: invalid(409),
  email_unverified: denied(),
  event_from_newer_version: later(503, 5),
  forbidden: denied(),
  hold_conflict: invalid(409),
  idempotency_conflict: invalid(409),
  idempotency_key_required: invalid(),
  insufficient_quota: { status: 429, type: 'insufficient_quota', final: true },
  internal_error: { status: 500, type: 'server_error' },
  invalid_amount: invalid(),
  invalid_api_key: { status: 401, type: 'authentication_error' },
  invalid_credentials: { status: 401, type: 'authentication_error' },
  invalid_expiry: invalid(),
  invalid_json: invalid(),
  invalid_limit: invalid(),
  invalid_request: invalid(),
  kind_not_grantable: invalid(),
  call_not_found: invalid(404),
  lot_not_found: invalid(404),
  member_not_found: invalid(404),
  method_not_allowed: invalid(405),
  model_not_found: invalid(404),
  model_not_routed: { ...invalid(404), final: true },
  model_unavailable: { status: 503, type: 'server_error', final: true },
  not_found: invalid(404),
  outcome_unknown: later(503, 1),
  plan_expired: denied(),
  plan_not_permitted: denied(),
  rate_limit_exceeded: later(429, 1),
  projection_not_found: invalid(404),
  read_models_behind: later(503, 1),
  route_not_found: invalid(404),
  upstream_in_use: invalid(409),
  upstream_not_found: invalid(404),
  settlement_not_found: invalid(404),
  string_above_max_length: invalid(),
  too_many_api_keys: invalid(409),
  too_many_attempts: later(429, 60),
  unauthenticated: { status: 401, type: 'authentication_error' },
  unavailable: later(503, 1),
  unknown_upstream: invalid(),
  upstream_key_required: invalid(),
  unsupported_media_type: invalid(415),
  upstream_error: { status: 502, type: 'upstream_error' },
  upstream_timeout: { status: 504, type: 'upstream_error' },
  wallet_frozen: denied(),
  wallet_not_found: invalid(404),
  wallet_full: { ...later(429, 1), apiStatus: 409 },
};

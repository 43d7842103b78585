import type { CallFaultCode } from '../adapters/llm/call-fault.ts';
import { CallFault } from '../adapters/llm/call-fault.ts';
import type { ErrorCode } from './error-table.ts';
import { ApiError } from './errors.ts';
import type { Reason } from './reasons.ts';

const codes: Readonly<Record<CallFaultCode, ErrorCode>> = {
  model_not_found: 'model_not_found',
  model_opening: 'unavailable',
  model_unavailable: 'model_unavailable',
  model_not_routed: 'model_not_routed',
  budget_spent: 'budget_spent',
  unsupported_input: 'invalid_request',
  upstream_refused: 'invalid_request',
  context_length_exceeded: 'context_length_exceeded',
  content_filter: 'content_filter',
  content_policy_violation: 'content_policy_violation',
  string_above_max_length: 'string_above_max_length',
  upstream_failed: 'upstream_error',
  upstream_limited: 'rate_limit_exceeded',
  upstream_timed_out: 'upstream_timeout',
  client_closed: 'unavailable',
  client_stalled: 'unavailable',
  timed_out: 'upstream_timeout',
  shut_down: 'unavailable',
  charge_unknown: 'outcome_unknown',
};

/** These say more than the code that they are answered with. */
const reasons: Partial<Readonly<Record<CallFaultCode, Reason>>> = {
  upstream_refused: 'upstream_refused',
  timed_out: 'timed_out',
  shut_down: 'shut_down',
  client_stalled: 'client_stalled',
};

/** A broken call as the edge answers it; anything else stays what it was. */
export function callError(error: unknown, model: string, transparent = false): unknown {
  if (!(error instanceof CallFault)) return error;
  const message = transparent ? error.upstreamText() : undefined;
  return new ApiError(codes[error.code], {
    cause: error,
    values: { model, ...error.values, ...(message === undefined ? {} : { message }) },
    why: message === undefined ? (error.why ?? reasons[error.code]) : 'upstream_said',
    ...(error.param === undefined ? {} : { param: error.param }),
    ...waitOf(error),
  });
}

const waitOf = ({ code, retryAfterMs }: CallFault) =>
  code === 'upstream_limited' && retryAfterMs !== undefined
    ? { retryAfterSeconds: Math.ceil(retryAfterMs / 1_000) }
    : {};

import type { CallFaultCode } from '../adapters/llm/call-fault.ts';
import { CallFault } from '../adapters/llm/call-fault.ts';
import type { ErrorCode } from './error-table.ts';
import { ApiError } from './errors.ts';

const codes: Readonly<Record<CallFaultCode, ErrorCode>> = {
  model_not_found: 'model_not_found',
  model_unavailable: 'unavailable',
  unsupported_input: 'invalid_request',
  upstream_refused: 'invalid_request',
  upstream_failed: 'upstream_error',
  upstream_timed_out: 'upstream_timeout',
  client_closed: 'unavailable',
  client_stalled: 'unavailable',
  timed_out: 'upstream_timeout',
  shut_down: 'unavailable',
  charge_unknown: 'outcome_unknown',
};

/** These say something that the catalogue's text doesn't know. */
const tellsMore = new Set<CallFaultCode>([
  'unsupported_input',
  'upstream_refused',
  'timed_out',
  'shut_down',
  'client_stalled',
]);

/** A broken call as the edge answers it; anything else stays what it was. */
export function callError(error: unknown, model: string): unknown {
  if (!(error instanceof CallFault)) return error;
  return new ApiError(codes[error.code], {
    cause: error,
    values: { model },
    ...(error.param === undefined ? {} : { param: error.param }),
    ...(tellsMore.has(error.code) ? { detail: error.message } : {}),
  });
}

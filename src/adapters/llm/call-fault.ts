/** Every way a call ends without an answer, or without the rest of it. */
export type CallFaultCode =
  | 'model_not_found'
  | 'model_unavailable'
  | 'unsupported_input'
  | 'upstream_refused'
  | 'upstream_failed'
  | 'upstream_timed_out'
  | 'client_closed'
  | 'client_stalled'
  | 'timed_out'
  | 'shut_down'
  | 'charge_unknown';

interface Details extends ErrorOptions {
  /** Another upstream may do better. */
  readonly retryable?: boolean;
  /** The field of the request that is to blame. */
  readonly param?: string | undefined;
}

/** Why a call has no answer. The message may be shown: it names no provider, key or account. */
export class CallFault extends Error {
  readonly code: CallFaultCode;
  readonly retryable: boolean;
  readonly param: string | undefined;

  constructor(code: CallFaultCode, message: string, details: Details = {}) {
    super(message, details);
    this.name = 'CallFault';
    this.code = code;
    this.retryable = details.retryable ?? false;
    this.param = details.param;
  }
}

/** Anthropic's class of an error goes by its status; any other of the caller's faults is the first one. */
const types: Readonly<Record<number, string>> = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  403: 'permission_error',
  404: 'not_found_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  500: 'api_error',
  502: 'api_error',
  503: 'overloaded_error',
  504: 'timeout_error',
};

/** Anthropic's error object, also for an event in the middle of a stream. */
export const anthropicBody = (status: number, message: string, requestId: string) => ({
  type: 'error',
  error: { type: types[status] ?? 'invalid_request_error', message },
  request_id: requestId,
});

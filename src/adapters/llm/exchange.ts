import { CallFault } from './call-fault.ts';
import { broken } from './chat-stream.ts';
import type { Patience } from './patience.ts';
import { patience } from './patience.ts';

/** One request on its way: what reading its answer needs. */
export interface Exchange {
  readonly patience: Patience;
  readonly signal: AbortSignal;
  abort(): void;
  /** What really happened when asking or reading threw. */
  faultOf(error: unknown): CallFault;
  end(): void;
}

/** One request, ended by its caller, by its clock or by itself; whatever ends it first says why. */
export function exchangeFor(caller: AbortSignal): Exchange {
  const controller = new AbortController();
  const abort = () => controller.abort();
  let isLate = false;
  const clock = patience(() => {
    isLate = true;
    abort();
  });
  const end = () => {
    clock.end();
    caller.removeEventListener('abort', abort);
  };
  if (caller.aborted) abort();
  else caller.addEventListener('abort', abort, { once: true });
  return {
    patience: clock,
    signal: controller.signal,
    abort,
    end,
    faultOf(error) {
      end();
      abort();
      if (caller.aborted) return abandoned(error);
      if (isLate || isConnectTimeout(error)) return silent(error);
      return error instanceof CallFault ? error : broken('The upstream failed.', error);
    },
  };
}

const isConnectTimeout = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'UND_ERR_CONNECT_TIMEOUT';

const silent = (cause: unknown) =>
  new CallFault('upstream_timed_out', 'The upstream did not answer in time.', {
    retryable: true,
    cause,
  });
const abandoned = (cause: unknown) =>
  new CallFault('client_closed', 'The call was ended while the upstream answered.', { cause });

import { CallFault } from './call-fault.ts';
import type { SilenceLimit } from './silence-limit.ts';
import { silenceLimit } from './silence-limit.ts';

/** One request on its way: what reading its answer needs. */
export interface Exchange {
  readonly silence: SilenceLimit;
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
  const clock = silenceLimit(() => {
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
    silence: clock,
    signal: controller.signal,
    abort,
    end,
    faultOf(error) {
      end();
      abort();
      if (caller.aborted) return abandoned(error);
      if (isLate || isConnectTimeout(error)) return silent(error, !isLate);
      return error instanceof CallFault ? error : lost(error);
    },
  };
}

/** A connection that could not be made, or broke before anything came, may hold the next time. */
const connections =
  /^(ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|UND_ERR_SOCKET)$/;

function lost(cause: unknown): CallFault {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  const passing = connections.test(code);
  return new CallFault('upstream_failed', 'The upstream failed.', {
    ...{ retryable: true, passing, cause: wordless(cause) },
  });
}

/** What fails at reading an answer, and not at the line to it, may quote that answer: it is told by its class and place. */
function wordless(cause: unknown): unknown {
  if (!(cause instanceof Error)) return undefined;
  if ('code' in cause && typeof cause.code === 'string') return cause;
  const quiet = new Error(`A ${cause.name} where the answer was read.`);
  const [, frames = ''] = (cause.stack ?? '').split(`${cause.name}: ${cause.message}`);
  quiet.stack = `${quiet.name}: ${quiet.message}${frames}`;
  return quiet;
}

const isConnectTimeout = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'UND_ERR_CONNECT_TIMEOUT';

/** One that takes no connection may take the next; one that took so long is not asked again. */
const silent = (cause: unknown, passing: boolean) =>
  new CallFault('upstream_timed_out', 'The upstream did not answer in time.', {
    ...{ retryable: true, passing, cause: wordless(cause) },
  });
const abandoned = (cause: unknown) =>
  new CallFault('client_closed', 'The call was ended while the upstream answered.', {
    cause: wordless(cause),
  });

import type { Logger } from 'pino';

export interface LogHealth {
  succeeded(): void;
  failed(reason: string): void;
  now(): { readonly ok: boolean; readonly reason?: string };
}

/** Whether the log answers: bad from a fault to the next success, and said once for each turn. */
export function logHealth(log: Logger): LogHealth {
  let fault: string | undefined;
  return {
    succeeded() {
      if (fault !== undefined) log.info('the event log answers again');
      fault = undefined;
    },
    failed(reason) {
      if (fault === undefined) log.warn({ reason }, 'the event log does not answer');
      fault = reason;
    },
    now: () => (fault === undefined ? { ok: true } : { ok: false, reason: fault }),
  };
}

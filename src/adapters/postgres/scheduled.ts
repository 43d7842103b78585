import { schedule } from 'node-cron';
import type { Logger } from 'pino';

export interface Scheduled {
  readonly name: string;
  /** When, as cron writes it, with seconds in front. */
  readonly when: string;
  readonly work: () => Promise<unknown>;
  readonly log: Logger;
}

/** Wakes a job on time, never twice at once; returns how to stop it. */
export function scheduled({ name, when, work, log }: Scheduled): () => void {
  const wake = () => work().catch((err: unknown) => log.warn({ err }, `${name} failed`));
  const task = schedule(when, wake, {
    name,
    noOverlap: true,
    suppressMissedWarning: true,
    logger: quiet(log),
  });
  return () => void task.destroy();
}

/** node-cron would write to the console by itself. */
const quiet = (log: Logger) => ({
  info: (message: string) => log.debug(message),
  warn: (message: string) => log.debug(message),
  error: (message: string | Error) => log.error({ err: message }, 'the schedule failed'),
  debug: (message: string | Error) => log.trace({ err: message }, 'schedule'),
});

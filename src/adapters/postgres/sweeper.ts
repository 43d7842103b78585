import type { AbandonedParts } from './abandoned.ts';
import { resolveAbandoned } from './abandoned.ts';
import type { GoneCalls } from './gone-calls.ts';
import type { ProcessLease } from './lease.ts';
import { leaseMs } from './lease-state.ts';
import { scheduled } from './scheduled.ts';

/** What may be known of our own lease. */
export type OwnLease = Pick<ProcessLease, 'held' | 'steadyForMs'>;

export interface SweeperParts extends AbandonedParts {
  readonly gone: GoneCalls;
  readonly lease: OwnLease;
}

export interface Sweeper {
  /** Resolves what is due now; returns how many holds it resolved. */
  sweep(): Promise<number>;
  /** Sweeps every second until it is closed. */
  start(): void;
  close(): Promise<void>;
}

const mostAtOnce = 500;

/**
 * Whether a process is gone is judged by leases, and only by a process that has itself renewed its own
 * for a whole term without a break: after an interruption of Postgres the leases of the living look
 * lapsed too.
 */
export const mayJudge = (lease: OwnLease): boolean =>
  lease.held() && lease.steadyForMs() >= leaseMs;

/** Resolves the holds of processes that are gone: those that the read model has, or the journal. */
export function sweeper(parts: SweeperParts): Sweeper {
  const { gone, lease, log } = parts;
  let sweeping: Promise<number> | undefined;
  let stop = () => {};

  async function sweepOnce(): Promise<number> {
    if (!mayJudge(lease)) return 0;
    const calls = await gone.oldest(mostAtOnce);
    // The answer may have taken long: what it says of leases is worth what our own is worth now.
    if (calls.length === 0 || !mayJudge(lease)) return 0;
    const resolved = await resolveAbandoned(parts, calls);
    if (resolved > 0) log.info({ resolved }, 'abandoned holds were resolved');
    return resolved;
  }

  const sweep = () => {
    sweeping ??= sweepOnce().finally(() => (sweeping = undefined));
    return sweeping;
  };
  return {
    sweep,
    start() {
      stop = scheduled({ name: 'sweeping', when: '* * * * * *', work: sweep, log });
    },
    async close() {
      stop();
      await sweeping?.catch(() => {});
    },
  };
}

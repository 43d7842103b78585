import { seldom } from '../seldom.ts';
import type { AbandonedParts } from './abandoned.ts';
import { resolveAbandoned } from './abandoned.ts';
import type { GoneCalls } from './gone-calls.ts';
import { fromTheOldest } from './gone-calls.ts';
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

/**
 * Resolves the holds of processes that are gone: those that the read model has, or the journal. A sweep
 * goes on where the one before ended, so that holds that nobody can resolve never hide the others.
 */
export function sweeper(parts: SweeperParts): Sweeper {
  const { gone, lease, log } = parts;
  let sweeping: Promise<number> | undefined;
  let stop = () => {};
  let lookedTo = fromTheOldest;
  const resolving = { ...parts, isNews: seldom() };

  async function sweepOnce(): Promise<number> {
    if (!mayJudge(lease)) return 0;
    const { calls, to } = await gone.some(mostAtOnce, lookedTo);
    // The answer may have taken long: what it says of leases is worth what our own is worth now.
    if (!mayJudge(lease)) return 0;
    lookedTo = to;
    if (calls.length === 0) return 0;
    const resolved = await resolveAbandoned(resolving, calls);
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

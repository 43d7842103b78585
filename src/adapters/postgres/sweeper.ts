import type { DatabasePool } from 'slonik';
import { abandonedHolds } from '../../projections/open-holds.ts';
import type { AbandonedParts } from './abandoned.ts';
import { resolveAbandoned } from './abandoned.ts';
import { abandonedNotes } from './journal.ts';
import type { ProcessLease } from './lease.ts';
import { leaseMs } from './lease-state.ts';
import { scheduled } from './scheduled.ts';

/** What may be known of our own lease. */
export type OwnLease = Pick<ProcessLease, 'held' | 'steadyForMs'>;

export interface SweeperParts extends AbandonedParts {
  readonly pool: DatabasePool;
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
  const { pool, lease, log } = parts;
  let sweeping: Promise<number> | undefined;
  let stop = () => {};

  async function sweepOnce(): Promise<number> {
    if (!mayJudge(lease)) return 0;
    const [held, noted] = await Promise.all([
      pool.any(abandonedHolds(mostAtOnce)),
      pool.any(abandonedNotes(mostAtOnce)),
    ]);
    const calls = [...new Map([...held, ...noted].map((each) => [each.callId, each])).values()];
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

import { schedule } from 'node-cron';
import type { Logger } from 'pino';
import type { DatabasePool } from 'slonik';
import { streamOf } from '../../domain/streams.ts';
import type { wallet } from '../../domain/wallet/decider.ts';
import type { AbandonedHold } from '../../projections/open-holds.ts';
import { abandonedHolds } from '../../projections/open-holds.ts';
import type { RunnerOf } from '../eventstore/execute.ts';
import type { ProcessLease } from './lease.ts';
import { leaseMs } from './lease-state.ts';

export interface SweeperParts {
  readonly pool: DatabasePool;
  readonly lease: Pick<ProcessLease, 'held' | 'steadyForMs'>;
  readonly wallet: Pick<RunnerOf<typeof wallet>, 'run'>;
  readonly clock: () => Date;
  readonly log: Logger;
}

export interface Sweeper {
  /** Resolves what is due now; returns how many holds it resolved. */
  sweep(): Promise<number>;
  /** Sweeps every second until it is closed. */
  start(): void;
  close(): Promise<void>;
}

const mostAtOnce = 500;
const inParallel = 16;

/**
 * Resolves the holds of processes that are gone. Whether one is gone is judged by leases, and only
 * by a process that has itself renewed its own for a whole term without a break: after an
 * interruption of Postgres the leases of the living look lapsed too.
 */
export function sweeper(parts: SweeperParts): Sweeper {
  const { pool, lease, log } = parts;
  const mayJudge = () => lease.held() && lease.steadyForMs() >= leaseMs;
  let sweeping: Promise<number> | undefined;
  let stop = () => {};

  async function sweepOnce(): Promise<number> {
    if (!mayJudge()) return 0;
    const holds = await pool.any(abandonedHolds(mostAtOnce));
    // The answer may have taken long: what it says of leases is worth what our own is worth now.
    if (holds.length === 0 || !mayJudge()) return 0;
    let resolved = 0;
    for (let from = 0; from < holds.length; from += inParallel) {
      const some = holds.slice(from, from + inParallel);
      const done = await Promise.all(some.map((hold) => expire(hold, parts)));
      resolved += done.filter(Boolean).length;
    }
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
      const wake = () => sweep().catch((err: unknown) => log.warn({ err }, 'sweeping failed'));
      const task = schedule('* * * * * *', wake, {
        name: 'sweeper',
        noOverlap: true,
        suppressMissedWarning: true,
        logger: quiet(log),
      });
      stop = () => void task.destroy();
    },
    async close() {
      stop();
      await sweeping?.catch(() => {});
    },
  };
}

/** Idempotent: a hold that was resolved meanwhile decides nothing. False: it is tried again later. */
async function expire(
  { call_id: callId, wallet_id: walletId, request_id: requestId, at: since }: AbandonedHold,
  { wallet, clock, log }: SweeperParts,
): Promise<boolean> {
  const openMs = Math.max(0, clock().getTime() - Date.parse(since));
  const ending = {
    outcome: 'abandoned',
    upstream: null,
    upstreamModel: null,
    latencyMs: openMs,
    firstTokenMs: null,
  } as const;
  try {
    const { events } = await wallet.run(
      streamOf.wallet(walletId),
      (at) => ({
        type: 'ResolveAbandoned',
        callId,
        evidence: null,
        ending,
        costs: [],
        possibleCosts: [],
        at,
      }),
      {
        commandId: `${callId}/expire`,
        correlationId: requestId,
        actor: { type: 'system', id: 'sweeper' },
        at: clock().toISOString(),
        source: 'sweeper',
      },
    );
    return events.length > 0;
  } catch (err) {
    log.warn(
      { err, call: callId, wallet: walletId },
      'an abandoned hold could not be resolved yet',
    );
    return false;
  }
}

/** node-cron would write to the console by itself. */
const quiet = (log: Logger) => ({
  info: (message: string) => log.debug(message),
  warn: (message: string) => log.debug(message),
  error: (message: string | Error) => log.error({ err: message }, 'the schedule failed'),
  debug: (message: string | Error) => log.trace({ err: message }, 'schedule'),
});

import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import type { Logger } from 'pino';
import { closeQuietly, connect } from './connect.ts';
import { leaseMs, leaseState, renewEveryMs } from './lease-state.ts';

/** What tells other processes that this one lives, and so ends its calls itself. */
export interface ProcessLease {
  /** The same for the life of the process, also when the lease was lost in between. */
  readonly processId: string;
  /** Surely not lapsed: without it no new call may be taken. */
  held(): boolean;
  /** Postgres has answered since anything failed: false as soon as it is seen to be away. */
  unbroken(): boolean;
  /** How long it has been renewed without a break; 0 during and after any interruption. */
  steadyForMs(): number;
  /** How far this process's clock is from Postgres's, as the last renewal showed; 0: perhaps not at all. */
  clockOffMs(): number;
  /** Lets the lease lapse at once: this process has no calls any more. */
  close(): Promise<void>;
}

export interface LeaseParts {
  readonly databaseUrl: string;
  readonly log: Logger;
  /** Milliseconds on a clock that never goes back. */
  readonly now?: () => number;
  /** The clock that commands get their times from. */
  readonly clock: () => Date;
}

const retryMs = 250;

/** Gets the lease and renews it on a connection of its own, for as long as the process lives. */
export function processLease({
  databaseUrl,
  log,
  now = () => performance.now(),
  clock,
}: LeaseParts): ProcessLease {
  const processId = randomUUID();
  const state = leaseState(now);
  const closing = new AbortController();
  let client: pg.Client | undefined;
  let failing = false;
  let offMs = 0;

  async function renew(): Promise<void> {
    const connection = client ?? (await reconnect());
    const askedAt = now();
    const from = clock().getTime();
    const { rows } = await connection.query<{ ms: string }>(renewal, [processId, leaseMs / 1_000]);
    offMs = outside(Number(rows[0]?.ms), { from, to: clock().getTime() });
    state.renewed(askedAt);
    if (failing) log.info({ processId }, 'the process lease is renewed again');
    failing = false;
  }

  async function reconnect(): Promise<pg.Client> {
    const options = { name: 'lease', statementMs: renewEveryMs, onBreak: state.broke };
    client = await connect(databaseUrl, options);
    await client.query(forgetOld);
    return client;
  }

  function interrupted(error: unknown): void {
    state.broke();
    if (client) closeQuietly(client);
    client = undefined;
    if (!failing) log.warn({ err: error, processId }, 'the process lease cannot be renewed');
    failing = true;
  }

  async function keep(): Promise<void> {
    while (!closing.signal.aborted) {
      const pauseMs = await renew().then(
        () => renewEveryMs,
        (error: unknown) => {
          interrupted(error);
          return retryMs;
        },
      );
      await sleep(pauseMs, undefined, { signal: closing.signal }).catch(() => {});
    }
  }

  const kept = keep();
  return {
    processId,
    held: state.held,
    unbroken: state.unbroken,
    steadyForMs: state.steadyForMs,
    clockOffMs: () => offMs,
    async close() {
      closing.abort();
      await kept;
      if (!client) return;
      await client.query(renewal, [processId, 0]).catch(() => {});
      closeQuietly(client);
    },
  };
}

const forgetOld = `
  DELETE FROM feed.leases WHERE expires_at < clock_timestamp() - interval '1 day'`;

const renewal = `
  INSERT INTO feed.leases AS l (process_id, expires_at)
  VALUES ($1, clock_timestamp() + make_interval(secs => $2))
  ON CONFLICT (process_id) DO UPDATE SET expires_at = EXCLUDED.expires_at
  RETURNING floor(extract(epoch FROM clock_timestamp()) * 1000)::text AS ms`;

/** The answer's own moment lies between asking and answer, unless the clocks differ. */
const outside = (ms: number, { from, to }: { readonly from: number; readonly to: number }) =>
  Math.max(0, from - 1 - ms, ms - to);

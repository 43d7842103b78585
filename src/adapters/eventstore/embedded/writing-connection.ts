import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';

/** Session-level advisory lock: one writing event node per database. */
const lockKey = [0x6c6d6576, 1];
const retryMs = 100;
const connectTimeoutMs = 10_000;

export interface WritingConnection {
  readonly client: Client;
  /** Settles when the connection is gone, and the lock with it. */
  readonly lost: Promise<Error>;
}

/** Connects and takes the writer's lock, waiting for a predecessor's to vanish. */
export async function writingConnection(
  databaseUrl: string,
  lockTimeoutMs: number,
): Promise<WritingConnection> {
  const client = new Client({
    connectionString: databaseUrl,
    application_name: 'event node (writer)',
    keepAlive: true,
    connectionTimeoutMillis: connectTimeoutMs,
  });
  const { promise: lost, resolve } = Promise.withResolvers<Error>();
  client.on('error', resolve);
  client.on('end', () => resolve(new Error('The writing connection ended.')));
  await client.connect();
  try {
    await tune(client);
    await lock(client, lockTimeoutMs);
  } catch (cause) {
    await client.end();
    throw cause;
  }
  return { client, lost };
}

/** Plans are fixed and index-only by intent, so the planner is told not to reconsider them. */
export async function tune(client: Pick<Client, 'query'>): Promise<void> {
  await client.query(
    `SET synchronous_commit = on; SET statement_timeout = 0; SET idle_session_timeout = 0;
     SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; SET enable_bitmapscan = off;
     SET jit = off`,
  );
}

async function lock(client: Client, timeoutMs: number): Promise<void> {
  for (let waitedMs = 0; ; waitedMs += retryMs) {
    const { rows } = await client.query<{ locked: boolean }>(
      'SELECT pg_try_advisory_lock($1, $2) AS locked',
      lockKey,
    );
    if (rows[0]?.locked === true) return;
    if (waitedMs >= timeoutMs) {
      throw new Error('Another event node holds the lock of this log.');
    }
    await sleep(retryMs);
  }
}

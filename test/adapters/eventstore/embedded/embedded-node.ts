import { EventStoreDBClient } from '@eventstore/db-client';
import type { ExecutionContext } from 'ava';
import pg from 'pg';
import { pino } from 'pino';
import type { EventNode } from '../../../../src/adapters/eventstore/embedded/spawn.ts';
import { spawnEventNode } from '../../../../src/adapters/eventstore/embedded/spawn.ts';

export const silent = pino({ level: 'silent' });

/** An embedded node that ends with the test, or before. */
export async function nodeOn(t: ExecutionContext, databaseUrl: string): Promise<EventNode> {
  const node = await spawnEventNode({ databaseUrl, port: 0, log: silent });
  t.teardown(() => node.stop());
  return node;
}

/** A client that is closed with the test; that may take for ever when its node was killed, so nobody waits for it. */
export function clientOf(t: ExecutionContext, url: string): EventStoreDBClient {
  const client = EventStoreDBClient.connectionString(url);
  t.teardown(() => {
    client.dispose().catch(() => undefined);
  });
  return client;
}

export async function sqlOn(t: ExecutionContext, databaseUrl: string): Promise<pg.Client> {
  const sql = new pg.Client({ connectionString: databaseUrl });
  // The server may be killed by the test.
  sql.on('error', () => undefined);
  await sql.connect();
  t.teardown(() => sql.end());
  return sql;
}

export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import pg from 'pg';
import { ensureDatabase } from '../../src/adapters/postgres/embedded-database.ts';
import { env } from './env.ts';

const objectInUse = '55006';
const patience = 20;

const ofThisFile: string[] = [];
test.after.always('the databases of this file are dropped', async () => {
  await Promise.all(ofThisFile.map(drop));
});

/** Creates an empty database, dropped when the given test, or else the whole file, is done, and returns its URL. */
export async function testDatabase(t?: {
  teardown(end: () => Promise<void>): void;
}): Promise<string> {
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  const url = await ensureDatabase(adminUrl(), name);
  if (t === undefined) {
    ofThisFile.push(name);
  } else {
    t.teardown(() => drop(name));
  }
  return url;
}

function adminUrl(): string {
  if (env.adminUrl === undefined) {
    throw new Error('Run the tests through ava, whose configuration starts a PostgreSQL.');
  }
  return env.adminUrl;
}

async function drop(name: string): Promise<void> {
  const client = new pg.Client({ connectionString: adminUrl() });
  await client.connect();
  try {
    await dropWith(client, name, patience);
  } finally {
    await client.end();
  }
}

/** By force only after a while: a pool that is still closing would report a broken connection as an error of the test. */
async function dropWith(client: pg.Client, name: string, patience: number): Promise<void> {
  try {
    const how = patience > 0 ? '' : ' WITH (FORCE)';
    await client.query(`DROP DATABASE IF EXISTS ${client.escapeIdentifier(name)}${how}`);
  } catch (error) {
    if (!(error instanceof pg.DatabaseError && error.code === objectInUse)) {
      throw error;
    }
    await sleep(50);
    await dropWith(client, name, patience - 1);
  }
}

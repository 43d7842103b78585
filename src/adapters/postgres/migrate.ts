import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type pg from 'pg';
import { connect } from './connect.ts';

const folder = join(import.meta.dirname, '../../../ops/migrations');
/** Any number that nothing else in this database locks. */
const lock = 4_711_001;

/**
 * Runs the migrations that this database has not seen, in the order of their names and each in a
 * transaction; returns their names. Refuses when one that ran has been edited since.
 */
export async function migrate(databaseUrl: string, from = folder): Promise<readonly string[]> {
  const client = await connect(databaseUrl, { name: 'migrate' });
  try {
    await client.query('SELECT pg_advisory_lock($1)', [lock]);
    return await runMissing(client, await readMigrations(from));
  } finally {
    await client.end();
  }
}

interface Migration {
  readonly name: string;
  readonly hash: string;
  readonly statements: string;
}

async function readMigrations(from: string): Promise<readonly Migration[]> {
  const names = (await readdir(from)).filter((name) => name.endsWith('.sql')).sort();
  return Promise.all(
    names.map(async (name) => {
      const statements = await readFile(join(from, name), 'utf8');
      return { name, statements, hash: createHash('sha256').update(statements).digest('hex') };
    }),
  );
}

async function runMissing(
  client: pg.Client,
  migrations: readonly Migration[],
): Promise<readonly string[]> {
  await client.query('CREATE SCHEMA IF NOT EXISTS feed');
  await client.query(`CREATE TABLE IF NOT EXISTS feed.migrations (
    name text PRIMARY KEY, hash text NOT NULL, ran_at timestamptz NOT NULL DEFAULT now())`);
  const { rows } = await client.query<{ name: string; hash: string }>(
    'SELECT name, hash FROM feed.migrations',
  );
  const ran = new Map(rows.map(({ name, hash }) => [name, hash]));
  const missing: string[] = [];
  for (const migration of migrations) {
    const hash = ran.get(migration.name);
    if (hash === undefined) {
      await run(client, migration);
      missing.push(migration.name);
    } else if (hash !== migration.hash) {
      throw new Error(`Migration ${migration.name} was changed after it ran; add a new one.`);
    }
  }
  return missing;
}

async function run(client: pg.Client, { name, hash, statements }: Migration): Promise<void> {
  await client.query('BEGIN');
  try {
    await client.query(statements);
    await client.query('INSERT INTO feed.migrations (name, hash) VALUES ($1, $2)', [name, hash]);
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK');
    throw new Error(`Migration ${name} failed.`, { cause: error });
  }
}

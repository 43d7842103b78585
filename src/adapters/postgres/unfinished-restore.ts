import type pg from 'pg';
import { connect } from './connect.ts';

/** A restore into this database was not brought to its end. */
export class UnfinishedRestore extends Error {
  override readonly name = 'UnfinishedRestore';

  constructor() {
    super(
      'A restore into this installation did not come to its end, so it holds a part of the backup ' +
        'only. Run `npm run restore` again: it begins anew, and replaces what is there.',
    );
  }
}

/** The table that is there from before the first row of a restore until after its last. */
const mark = 'feed.unfinished_restore';

export async function isUnfinished(client: pg.ClientBase): Promise<boolean> {
  const { rows } = await client.query<{ there: boolean }>(
    'SELECT to_regclass($1) IS NOT NULL AS there',
    [mark],
  );
  return rows[0]?.there ?? false;
}

/** Throws `UnfinishedRestore`: what is in the database looks whole, and is not. */
export async function refuseUnfinishedRestore(databaseUrl: string): Promise<void> {
  const client = await connect(databaseUrl, { name: 'start' });
  try {
    if (await isUnfinished(client)) throw new UnfinishedRestore();
  } finally {
    await client.end();
  }
}

/** What the program keeps in a database, beside the schemas of read models. */
export const ownSchemas: readonly string[] = ['read', 'journal', 'vault', 'feed'];

/** Removes all that the program keeps in a database, and marks it as unfinished, in one transaction. */
export async function beginRestore(client: pg.ClientBase): Promise<void> {
  await client.query('BEGIN');
  for (const schema of [...(await builtSchemas(client)), ...ownSchemas]) {
    await client.query(`DROP SCHEMA IF EXISTS "${schema.replaceAll('"', '""')}" CASCADE`);
  }
  await client.query('CREATE SCHEMA feed');
  await client.query(`CREATE TABLE ${mark} (since timestamptz NOT NULL DEFAULT clock_timestamp())`);
  await client.query('COMMIT');
}

async function builtSchemas(client: pg.ClientBase): Promise<readonly string[]> {
  const { rows: found } = await client.query<{ there: boolean }>(
    `SELECT to_regclass('feed.builds') IS NOT NULL AS there`,
  );
  if (found[0]?.there !== true) return [];
  const { rows } = await client.query<{ schema: string }>('SELECT schema FROM feed.builds');
  return rows.map(({ schema }) => schema);
}

export async function endRestore(client: pg.ClientBase): Promise<void> {
  await client.query(`DROP TABLE ${mark}`);
}

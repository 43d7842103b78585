import type pg from 'pg';
import { z } from 'zod';
import type { TableName } from './format.ts';
import { Row, tableNames } from './format.ts';

const page = 500;

/** What is taken of each table: rows of others than the policies hold places that are found anew. */
const selections: Readonly<Record<TableName, string>> = {
  'vault.secrets': 'SELECT * FROM vault.secrets ORDER BY name',
  'vault.member_keys': 'SELECT * FROM vault.member_keys ORDER BY member_id',
  'journal.calls': 'SELECT * FROM journal.calls ORDER BY call_id',
  'feed.positions': `SELECT * FROM feed.positions WHERE consumer = 'policies' ORDER BY partition`,
  'feed.relay': 'SELECT topic, epoch FROM feed.relay ORDER BY topic',
};

export type RowCounts = Record<TableName, number>;

const Counted = z.object({ count: z.coerce.number() });

export async function countRows(client: pg.ClientBase): Promise<RowCounts> {
  const counts = Object.fromEntries(tableNames.map((name) => [name, 0])) as RowCounts;
  for (const name of tableNames) {
    const { rows } = await client.query(`SELECT count(*) AS count FROM (${selections[name]}) AS t`);
    counts[name] = Counted.parse(rows[0]).count;
  }
  return counts;
}

const Read = z.array(z.object({ row: Row }));

/** A table's rows, some at a time, in the transaction that is open; times keep all their digits. */
export async function* readRows(
  client: pg.ClientBase,
  name: TableName,
): AsyncGenerator<readonly Row[]> {
  await client.query(
    `DECLARE kept CURSOR FOR SELECT to_jsonb(t) AS row FROM (${selections[name]}) AS t`,
  );
  for (;;) {
    const rows = Read.parse((await client.query(`FETCH ${page} FROM kept`)).rows);
    if (rows.length === 0) break;
    yield rows.map(({ row }) => row);
  }
  await client.query('CLOSE kept');
}

/** Columns that a row doesn't have, being older than they are, get their defaults. */
export async function insertRows(
  client: pg.ClientBase,
  name: TableName,
  rows: readonly Row[],
): Promise<void> {
  const columns = Object.keys(rows[0] ?? {}).map((each) => `"${each.replaceAll('"', '""')}"`);
  if (columns.length === 0) return;
  const list = columns.join(', ');
  await client.query(
    `INSERT INTO ${name} (${list})
     SELECT ${list} FROM jsonb_populate_recordset(NULL::${name}, $1::jsonb)`,
    [JSON.stringify(rows)],
  );
}

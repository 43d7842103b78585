import type pg from 'pg';
import type { Projection } from '../../projections/projection.ts';
import { ddlOf, schemaOf, tableOf } from '../../projections/table.ts';
import { readCheckpoints } from './checkpoints.ts';
import { connect } from './connect.ts';

/** Any number that nothing else in this database locks. */
const lock = 4_711_002;

/** For processes that read before any projector runs: after it, every view can be queried. */
export async function prepareReadModels(
  databaseUrl: string,
  projections: readonly Projection[],
): Promise<void> {
  const client = await connect(databaseUrl, { name: 'read models' });
  try {
    await prepareTables(client, projections);
    await readCheckpoints(client, projections);
  } finally {
    await client.end();
  }
}

/** Makes the tables of these versions, and a view for each read model that has none yet. */
export const prepareTables = (client: pg.ClientBase, projections: readonly Projection[]) =>
  alone(client, async () => {
    for (const projection of projections) {
      for (const statement of ddlOf(projection)) await client.query(statement);
    }
    const shown = await versionsShown(client);
    for (const each of projections) if (!shown.has(each.name)) await show(client, each);
  });

/** Points the views at these versions: called once they have caught up. */
export async function showVersions(
  client: pg.ClientBase,
  projections: readonly Projection[],
): Promise<void> {
  const shown = await versionsShown(client);
  const others = projections.filter((each) => shown.get(each.name) !== schemaOf(each));
  if (others.length === 0) return;
  await alone(client, async () => {
    await client.query(`SET LOCAL lock_timeout = '200ms'`);
    for (const each of others) await show(client, each);
  });
}

/** The schema behind every view, as its comment says. */
async function versionsShown(client: pg.ClientBase): Promise<ReadonlyMap<string, string>> {
  const { rows } = await client.query<{ name: string; schema: string }>(
    `SELECT relname AS name, obj_description(oid, 'pg_class') AS schema
     FROM pg_class WHERE relnamespace = 'read'::regnamespace AND relkind = 'v'`,
  );
  return new Map(rows.map(({ name, schema }) => [name, schema]));
}

async function show(client: pg.ClientBase, projection: Projection): Promise<void> {
  const view = `read.${projection.name}`;
  await client.query(`DROP VIEW IF EXISTS ${view}`);
  await client.query(`CREATE VIEW ${view} AS SELECT * FROM ${tableOf(projection)}`);
  await client.query(`COMMENT ON VIEW ${view} IS '${schemaOf(projection)}'`);
}

/** Processes that start at once take turns. */
async function alone(client: pg.ClientBase, work: () => Promise<void>): Promise<void> {
  await client.query('BEGIN');
  try {
    await client.query('SELECT pg_advisory_xact_lock($1)', [lock]);
    await work();
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {});
    throw error;
  }
}

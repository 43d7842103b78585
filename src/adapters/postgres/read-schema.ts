import pg from 'pg';
import type { Projection } from '../../projections/projection.ts';
import { schemaOf } from '../../projections/table.ts';
import type { Build, KnownBuild } from './builds.ts';
import { isOf, makeBuild, readBuilds } from './builds.ts';
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
  } finally {
    await client.end();
  }
}

/**
 * Makes the tables of these versions. A read model that has none yet is shown at once; one that has
 * others is to be filled first, and compared with those.
 */
export const prepareTables = (
  client: pg.ClientBase,
  projections: readonly Projection[],
): Promise<readonly KnownBuild[]> =>
  alone(client, async () => {
    const known = await readBuilds(client);
    for (const projection of projections) {
      if (known.some((build) => isOf(build, projection))) continue;
      const build = { projection, schema: schemaOf(projection) };
      const isFirst = known.every((each) => each.projection !== projection.name);
      await makeBuild(client, build, isFirst ? 'shown' : 'filling');
      if (isFirst) await show(client, build);
    }
    return readBuilds(client);
  });

/** Points the view at a build; in the transaction that says so of the build. */
export async function show(client: pg.ClientBase, { projection, schema }: Build): Promise<void> {
  const view = `read.${projection.name}`;
  const made = `VIEW ${view} AS SELECT * FROM ${schema}.${projection.name}`;
  await client.query('SAVEPOINT shown');
  try {
    // What others were allowed to read, and what they built on it, stays.
    await client.query(`CREATE OR REPLACE ${made}`);
  } catch (error) {
    if (!isOtherShape(error)) throw error;
    await client.query('ROLLBACK TO SAVEPOINT shown');
    await client.query(`DROP VIEW ${view}`);
    await client.query(`CREATE ${made}`);
  }
}

/** `invalid_table_definition`: the columns there were are not the first ones of those there are now. */
const isOtherShape = (error: unknown): boolean =>
  error instanceof pg.DatabaseError && error.code === '42P16';

/** Until the transaction ends, nobody else makes builds: what was found of them stays so. */
export async function takeTurn(client: pg.ClientBase): Promise<void> {
  await client.query('SELECT pg_advisory_xact_lock($1)', [lock]);
}

/** Processes that make builds at once take turns. */
export async function alone<Result>(
  client: pg.ClientBase,
  work: () => Promise<Result>,
): Promise<Result> {
  await client.query('BEGIN');
  try {
    await takeTurn(client);
    const result = await work();
    await client.query('COMMIT');
    return result;
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {});
    throw error;
  }
}

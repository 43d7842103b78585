import type pg from 'pg';
import { allPartitions } from '../../projections/partition.ts';
import type { Projection } from '../../projections/projection.ts';
import { ddlOf, schemaOf } from '../../projections/table.ts';

/** A set of tables that holds a read model; several may hold the same one while it is rebuilt. */
export interface Build {
  readonly projection: Projection;
  readonly schema: string;
}

/**
 * `filling`: by a rebuild alone; `shown`: what readers see; `kept`: was shown, and is still fed;
 * `canary`: filled to be compared, and dropped again.
 */
export type BuildState = 'filling' | 'shown' | 'kept' | 'canary';

export interface KnownBuild {
  readonly schema: string;
  readonly projection: string;
  readonly version: number;
  readonly state: BuildState;
}

export async function readBuilds(client: pg.ClientBase): Promise<readonly KnownBuild[]> {
  const { rows } = await client.query<KnownBuild>(
    'SELECT schema, projection, version, state FROM feed.builds ORDER BY made_at, schema',
  );
  return rows;
}

/** The builds that whoever runs this release's handlers feeds, beside those that a rebuild fills. */
export function fedBuilds(
  known: readonly KnownBuild[],
  projections: readonly Projection[],
): readonly Build[] {
  return projections.flatMap((projection) =>
    known
      .filter(({ state }) => state === 'shown' || state === 'kept')
      .filter((each) => isOf(each, projection))
      .map(({ schema }) => ({ projection, schema })),
  );
}

export const isOf = (build: KnownBuild, { name, version }: Projection): boolean =>
  build.projection === name && build.version === version;

/** Files a build and makes its tables; the first one of a read model is shown at once. */
export async function makeBuild(
  client: pg.ClientBase,
  { projection, schema }: Build,
  state: BuildState,
): Promise<void> {
  for (const statement of ddlOf(projection, schema)) await client.query(statement);
  const { rowCount: isNew } = await client.query(
    `INSERT INTO feed.builds (schema, projection, version, state) VALUES ($1, $2, $3, $4)
     ON CONFLICT DO NOTHING`,
    [schema, projection.name, projection.version, state],
  );
  // Of a dropped build of the same name somebody may have filed positions or stops again.
  if (isNew) {
    await client.query('DELETE FROM feed.positions WHERE consumer = $1', [schema]);
    await client.query('DELETE FROM feed.stops WHERE schema = $1', [schema]);
  }
  await client.query(
    `INSERT INTO feed.positions (consumer, partition)
     SELECT $1, unnest($2::int[])::text ON CONFLICT DO NOTHING`,
    [schema, allPartitions],
  );
}

/** A schema's name that no build of this read model has. */
export function freeSchema(projection: Projection, known: readonly KnownBuild[]): string {
  const taken = new Set(known.map(({ schema }) => schema));
  const first = schemaOf(projection);
  for (let n = 1; ; n += 1) {
    const schema = n === 1 ? first : `${first}_b${n}`;
    if (!taken.has(schema)) return schema;
  }
}

/** Whether this is a name that `freeSchema` gives to builds of this read model and version. */
export const isSchemaOf = (projection: Projection, schema: string): boolean =>
  new RegExp(`^${schemaOf(projection)}(_b\\d+)?$`).test(schema);

/** Events that a person let builds leave out, by schema. */
export async function readSkips(client: pg.ClientBase): Promise<ReadonlyMap<string, Set<bigint>>> {
  const { rows } = await client.query<{ schema: string; position: string }>(
    'SELECT schema, position::text AS position FROM feed.skips',
  );
  const skips = new Map<string, Set<bigint>>();
  for (const { schema, position } of rows) {
    skips.set(schema, (skips.get(schema) ?? new Set()).add(BigInt(position)));
  }
  return skips;
}

/** What a person let a build's code leave out, another build of the same code leaves out again. */
export async function copySkips(client: pg.ClientBase, from: string, to: string): Promise<void> {
  await client.query(
    `INSERT INTO feed.skips SELECT $1, position FROM feed.skips WHERE schema = $2
     ON CONFLICT DO NOTHING`,
    [to, from],
  );
}

/** Changes whenever a build or a skip does. */
export async function fingerprint(client: pg.ClientBase): Promise<string> {
  const { rows } = await client.query<{ all: string }>(
    `SELECT concat((SELECT string_agg(schema || ':' || state, ',' ORDER BY schema) FROM feed.builds),
                   '/', (SELECT count(*) FROM feed.skips)) AS all`,
  );
  return rows[0]?.all ?? '';
}

import pg from 'pg';
import type { Projection } from '../../src/projections/projection.ts';
import { schemaOf } from '../../src/projections/table.ts';

/** Whole tables, in the order of their keys, as text: what two ways of projecting must agree on. */
export async function tables(
  databaseUrl: string,
  projections: readonly Projection[],
  schema: (projection: Projection) => string = schemaOf,
): Promise<Readonly<Record<string, readonly string[]>>> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const all: Record<string, readonly string[]> = {};
    for (const projection of projections) {
      const keys = Object.keys(projection.key).join(', ');
      const { rows } = await client.query<{ line: string }>(
        `SELECT t::text AS line FROM ${schema(projection)}.${projection.name} AS t ORDER BY ${keys}`,
      );
      all[projection.name] = rows.map(({ line }) => line);
    }
    return all;
  } finally {
    await client.end();
  }
}

import type pg from 'pg';
import type { Projection } from '../../projections/projection.ts';
import { copySkips, freeSchema, isOf, makeBuild, readBuilds } from './builds.ts';
import { connect } from './connect.ts';
import { takeTurn } from './read-schema.ts';
import { dropIn } from './rebuild.ts';

/** What a person may have done to a read model's builds; whoever feeds them sees it within a second. */
export interface BuildOrders {
  /** Has a build filled anew from the log and shown; one that is being filled already is that one. */
  rebuild(projection: Projection): Promise<string>;
  /** Lets a build go on past an event. */
  skip(schema: string, position: bigint): Promise<void>;
  /** Has a build shown although it differs from the one that is. */
  accept(schema: string, reason: string): Promise<void>;
}

export const buildOrders = (databaseUrl: string): BuildOrders => ({
  rebuild: (projection) =>
    inTransaction(databaseUrl, async (client) => {
      await takeTurn(client);
      const known = await readBuilds(client);
      const half = known.find((each) => each.state === 'filling' && isOf(each, projection));
      const { rowCount: compared } = await client.query(
        'SELECT FROM feed.builds WHERE schema = $1 AND report IS NOT NULL',
        [half?.schema ?? null],
      );
      if (half && !compared) return half.schema;
      if (half) await dropIn(client, half.schema);
      const build = { projection, schema: freeSchema(projection, known) };
      await makeBuild(client, build, 'filling');
      const shown = known.find((each) => each.state === 'shown' && isOf(each, projection));
      if (shown) await copySkips(client, shown.schema, build.schema);
      return build.schema;
    }),
  skip: (schema, position) =>
    inTransaction(databaseUrl, async (client) => {
      await client.query('INSERT INTO feed.skips VALUES ($1, $2) ON CONFLICT DO NOTHING', [
        schema,
        position.toString(),
      ]);
    }),
  accept: (schema, reason) =>
    inTransaction(databaseUrl, async (client) => {
      const { rowCount } = await client.query(
        `UPDATE feed.builds SET accepted = $2
         WHERE schema = $1 AND state = 'filling' AND report IS NOT NULL`,
        [schema, reason],
      );
      if (!rowCount) throw new Error(`${schema} was not compared, or is another build by now.`);
    }),
});

/** Several statements on a connection of their own, all or none. */
export async function inTransaction<Result>(
  databaseUrl: string,
  work: (client: pg.Client) => Promise<Result>,
): Promise<Result> {
  const client = await connect(databaseUrl, { name: 'builds' });
  try {
    await client.query('BEGIN');
    const result = await work(client);
    await client.query('COMMIT');
    return result;
  } finally {
    await client.end();
  }
}

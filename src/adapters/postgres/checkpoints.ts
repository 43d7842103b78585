import type pg from 'pg';

/** A consumer of the log, as its checkpoint is filed. */
export interface Consumer {
  readonly name: string;
  readonly version: number;
  readonly partition?: string;
}

/** Where consumers stand, in the order given; null: before the first event. New ones are filed. */
export async function readCheckpoints(
  client: pg.ClientBase,
  consumers: readonly Consumer[],
): Promise<readonly (bigint | null)[]> {
  const keys = keysOf(consumers);
  await client.query(
    `INSERT INTO feed.checkpoints (projection, version, partition)
     SELECT * FROM unnest($1::text[], $2::int[], $3::text[]) ON CONFLICT DO NOTHING`,
    keys,
  );
  const { rows } = await client.query<{ position: string | null }>(
    `SELECT c.position::text AS position
     FROM unnest($1::text[], $2::int[], $3::text[]) WITH ORDINALITY
       AS n(projection, version, partition, place)
     JOIN feed.checkpoints c USING (projection, version, partition) ORDER BY n.place`,
    keys,
  );
  return rows.map(({ position }) => (position === null ? null : BigInt(position)));
}

export interface Move {
  readonly consumer: Consumer;
  readonly from: bigint | null;
  readonly to: bigint;
}

/**
 * Compare-and-set of several checkpoints; false when any stands elsewhere, and then the transaction
 * must be rolled back. Rows are locked in one order, so that two processes can't lock each other out.
 */
export async function moveCheckpoints(
  client: pg.ClientBase,
  moves: readonly Move[],
): Promise<boolean> {
  const { rowCount } = await client.query({
    name: 'move-checkpoints',
    text: `WITH mine AS (
      SELECT c.projection, c.version, c.partition, n.next
      FROM feed.checkpoints c
      JOIN unnest($1::text[], $2::int[], $3::text[], $4::bigint[], $5::bigint[])
        AS n(projection, version, partition, last, next) USING (projection, version, partition)
      WHERE c.position IS NOT DISTINCT FROM n.last
      ORDER BY c.projection, c.version, c.partition FOR UPDATE OF c)
    UPDATE feed.checkpoints c SET position = mine.next FROM mine
    WHERE (c.projection, c.version, c.partition) = (mine.projection, mine.version, mine.partition)`,
    values: [
      ...keysOf(moves.map(({ consumer }) => consumer)),
      moves.map(({ from }) => from?.toString() ?? null),
      moves.map(({ to }) => to.toString()),
    ],
  });
  return rowCount === moves.length;
}

const keysOf = (consumers: readonly Consumer[]) => [
  consumers.map(({ name }) => name),
  consumers.map(({ version }) => version),
  consumers.map(({ partition = '' }) => partition),
];

/** The earliest of some positions; null when one of them is before the first event. */
export function earliest(positions: Iterable<bigint | null>): bigint | null {
  let least: bigint | null = null;
  for (const position of positions) {
    if (position === null) return null;
    if (least === null || position < least) least = position;
  }
  return least;
}

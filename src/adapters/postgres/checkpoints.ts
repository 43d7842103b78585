import type pg from 'pg';

/** A reader of the log, and one part of what it reads, as its position is filed. */
export interface Place {
  readonly consumer: string;
  readonly partition: string;
}

/** Where readers stand, in the order given; null: before the first event. New ones are filed. */
export async function readCheckpoints(
  client: pg.ClientBase,
  places: readonly Place[],
): Promise<readonly (bigint | null)[]> {
  const keys = keysOf(places);
  await client.query(
    `INSERT INTO feed.positions (consumer, partition)
     SELECT * FROM unnest($1::text[], $2::text[]) ON CONFLICT DO NOTHING`,
    keys,
  );
  const { rows } = await client.query<{ position: string | null }>(
    `SELECT p.position::text AS position
     FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS n(consumer, partition, place)
     JOIN feed.positions p USING (consumer, partition) ORDER BY n.place`,
    keys,
  );
  return rows.map(({ position }) => (position === null ? null : BigInt(position)));
}

export interface Move {
  readonly place: Place;
  readonly from: bigint | null;
  readonly to: bigint;
}

/**
 * Compare-and-set of several positions; false when any is another, and then the transaction must be
 * rolled back. Rows are locked in one order, so that two processes can't lock each other out.
 */
export async function moveCheckpoints(
  client: pg.ClientBase,
  moves: readonly Move[],
): Promise<boolean> {
  const { rowCount } = await client.query({
    name: 'move-checkpoints',
    text: `WITH mine AS (
      SELECT p.consumer, p.partition, n.next
      FROM feed.positions p
      JOIN unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[])
        AS n(consumer, partition, last, next) USING (consumer, partition)
      WHERE p.position IS NOT DISTINCT FROM n.last
      ORDER BY p.consumer, p.partition FOR UPDATE OF p)
    UPDATE feed.positions p SET position = mine.next FROM mine
    WHERE (p.consumer, p.partition) = (mine.consumer, mine.partition)`,
    values: [
      ...keysOf(moves.map(({ place }) => place)),
      moves.map(({ from }) => from?.toString() ?? null),
      moves.map(({ to }) => to.toString()),
    ],
  });
  return rowCount === moves.length;
}

const keysOf = (places: readonly Place[]) => [
  places.map(({ consumer }) => consumer),
  places.map(({ partition }) => partition),
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

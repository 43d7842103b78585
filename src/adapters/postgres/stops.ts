import type pg from 'pg';
import type { Stopped } from './lanes.ts';

/** Tells every process at which events this one's read models wait. */
export async function saveStops(client: pg.ClientBase, stopped: readonly Stopped[]): Promise<void> {
  await client.query(
    `INSERT INTO feed.stops (schema, partition, position, cause, reason)
     SELECT * FROM unnest($1::text[], $2::int[], $3::bigint[], $4::text[], $5::text[])
     ON CONFLICT (schema, partition) DO UPDATE SET
       position = EXCLUDED.position, cause = EXCLUDED.cause, reason = EXCLUDED.reason,
       stopped_at = CASE WHEN feed.stops.position = EXCLUDED.position
                    THEN feed.stops.stopped_at ELSE EXCLUDED.stopped_at END`,
    [
      stopped.map(({ schema }) => schema),
      stopped.map(({ partition }) => partition),
      stopped.map(({ position }) => position.toString()),
      stopped.map(({ cause }) => cause),
      stopped.map(({ reason }) => storable(reason)),
    ],
  );
}

const mostChars = 1_000;
const storable = (text: string): string =>
  text.slice(0, mostChars).replaceAll('\0', '\u{FFFD}').toWellFormed();

import { sql } from 'slonik';
import { z } from 'zod';
import type { Projection } from './projection.ts';
import { query } from './query.ts';

const AsOf = z.object({ position: z.string().nullable() });

/**
 * The position up to which these read models hold every event; null: not even the first. Read it
 * before their rows: rows may be newer than it says, never older.
 */
export const asOf = (projections: readonly Projection[]) => {
  const pairs = projections.map(({ name, version }) => [name, version]);
  return query(AsOf)`
    SELECT CASE WHEN count(position) = ${pairs.length} THEN min(position)::text END AS position
    FROM feed.checkpoints
    JOIN ${sql.unnest(pairs, ['text', 'int4'])} AS wanted(projection, version)
      USING (projection, version)`;
};

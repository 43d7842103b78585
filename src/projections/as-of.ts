import { sql } from 'slonik';
import { z } from 'zod';
import { partitionCount } from './partition.ts';
import type { Projection } from './projection.ts';
import { query } from './query.ts';

const AsOf = z.object({ position: z.string().nullable() });

/**
 * The position up to which these read models, as readers see them, hold every event; null: not even
 * the first. Read it before their rows: rows may be newer than it says, never older.
 */
export const asOf = (projections: readonly Pick<Projection, 'name'>[]) => {
  const names = projections.map(({ name }) => name);
  return query(AsOf)`
    SELECT CASE WHEN count(p.position) = ${names.length * partitionCount}
           THEN min(p.position)::text END AS position
    FROM feed.builds AS b JOIN feed.positions AS p ON p.consumer = b.schema
    WHERE b.state = 'shown' AND b.projection = ANY(${sql.array(names, 'text')})`;
};

/** Up to where a read model, as readers see it, holds the events of each partition that it has any of. */
export const positionsOf = ({ name }: Pick<Projection, 'name'>) =>
  query(z.object({ partition: z.string(), position: z.string() }))`
    SELECT p.partition, p.position::text AS position
    FROM feed.builds AS b JOIN feed.positions AS p ON p.consumer = b.schema
    WHERE b.state = 'shown' AND b.projection = ${name} AND p.position IS NOT NULL`;

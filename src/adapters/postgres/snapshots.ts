import type { Logger } from 'pino';
import type { DatabasePool } from 'slonik';
import { z } from 'zod';
import { Instant } from '../../domain/ids.ts';
import { query, statement } from '../../projections/query.ts';
import type { Snapshot, Snapshots } from '../eventstore/snapshots.ts';

/** Whoever loads can do without: a command must not wait for a Postgres that is away. */
const patienceMs = 500;

/** Snapshots in Postgres; what goes wrong is logged, and is then as if there were none. */
export function snapshots(pool: Pick<DatabasePool, 'maybeOne' | 'query'>, log: Logger): Snapshots {
  const unkept = (what: string, first: string) => (err: unknown) => {
    log.warn({ err, stream: first }, `a snapshot could not be ${what}`);
    return null;
  };
  return {
    async load(first) {
      const late = Promise.withResolvers<null>();
      const timer = setTimeout(() => late.resolve(null), patienceMs);
      const row = await Promise.race([
        pool.maybeOne(newest(first)).catch(unkept('loaded', first)),
        late.promise,
      ]);
      clearTimeout(timer);
      return row && { ...row, revision: BigInt(row.revision) };
    },
    async save(first, snapshot) {
      await pool.query(kept(first, snapshot)).catch(unkept('saved', first));
    },
  };
}

const Row = z.object({
  stream: z.string(),
  revision: z.string(),
  eventId: z.uuid(),
  at: Instant,
  format: z.int(),
  state: z.unknown(),
});

const newest = (first: string) => query(Row)`
  SELECT stream, revision, event_id AS "eventId", recorded_at AS "at", format, state
  FROM feed.snapshots WHERE first_stream = ${first}`;

const kept = (first: string, { stream, revision, eventId, at, format, state }: Snapshot) =>
  statement`
    INSERT INTO feed.snapshots
      (first_stream, stream, revision, event_id, recorded_at, format, state)
    VALUES (${first}, ${stream}, ${revision.toString()}::bigint, ${eventId}::uuid, ${at}, ${format},
      ${JSON.stringify(state)}::json)
    ON CONFLICT (first_stream) DO UPDATE SET stream = EXCLUDED.stream,
      revision = EXCLUDED.revision, event_id = EXCLUDED.event_id,
      recorded_at = EXCLUDED.recorded_at, format = EXCLUDED.format, state = EXCLUDED.state`;

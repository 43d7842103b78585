import type { DatabasePool } from 'slonik';
import { sql } from 'slonik';
import { z } from 'zod';
import { Uuid } from '../../domain/ids.ts';
import { abandonedHolds } from '../../projections/open-holds.ts';
import { query } from '../../projections/query.ts';
import type { OpenCall } from '../llm/journal.ts';
import { abandonedNotes } from './journal.ts';

/** Calls of processes whose lease has lapsed; what it knows of calls are hints, of leases facts. */
export interface GoneCalls {
  /** The oldest that the read model has, and those that the journal has; at most so many of each. */
  oldest(most: number): Promise<readonly OpenCall[]>;
  among(calls: readonly OpenCall[]): Promise<readonly OpenCall[]>;
}

export const goneCalls = (pool: DatabasePool): GoneCalls => ({
  async oldest(most) {
    const [held, noted] = await Promise.all([
      pool.any(abandonedHolds(most)),
      pool.any(abandonedNotes(most)),
    ]);
    return [...new Map([...held, ...noted].map((each) => [each.callId, each])).values()];
  },
  async among(calls) {
    const ids = [...new Set(calls.map(({ processId }) => processId))];
    const rows = await pool.any(query(z.object({ id: Uuid }))`
      SELECT p.id FROM unnest(${sql.array(ids, 'uuid')}) AS p(id)
      LEFT JOIN feed.leases AS l ON l.process_id = p.id
      WHERE l.expires_at IS NULL OR l.expires_at < clock_timestamp()`);
    const gone = new Set(rows.map(({ id }) => id));
    return calls.filter(({ processId }) => gone.has(processId));
  },
});

import type { DatabasePool } from 'slonik';
import { sql } from 'slonik';
import { z } from 'zod';
import { Uuid } from '../../domain/ids.ts';
import { abandonedHolds } from '../../projections/open-holds.ts';
import { query } from '../../projections/query.ts';
import type { OpenCall } from '../llm/journal.ts';
import { abandonedNotes } from './journal.ts';

/** Up to where each of the two sources was looked at; null: nothing of it yet, or all of it. */
export interface LookedTo {
  readonly held: OpenCall | null;
  readonly noted: OpenCall | null;
}

/** Calls of processes whose lease has lapsed; what it knows of calls are hints, of leases facts. */
export interface GoneCalls {
  /**
   * Those that the read model has, and those that the journal has: of each the oldest of what comes after
   * a place, at most so many. Whoever goes on with `to` sees all of them, and then the oldest again.
   */
  some(
    most: number,
    after: LookedTo,
  ): Promise<{ readonly calls: readonly OpenCall[]; readonly to: LookedTo }>;
  among(calls: readonly OpenCall[]): Promise<readonly OpenCall[]>;
}

export const fromTheOldest: LookedTo = { held: null, noted: null };

export const goneCalls = (pool: DatabasePool): GoneCalls => ({
  async some(most, after) {
    const [held, noted] = await Promise.all([
      pool.any(abandonedHolds(most, after.held)),
      pool.any(abandonedNotes(most, after.noted)),
    ]);
    const lastOf = (calls: readonly OpenCall[]) => (calls.length < most ? null : calls.at(-1));
    return {
      calls: [...new Map([...held, ...noted].map((each) => [each.callId, each])).values()],
      to: { held: lastOf(held) ?? null, noted: lastOf(noted) ?? null },
    };
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

import type { Logger } from 'pino';
import type { DatabasePool } from 'slonik';
import { z } from 'zod';
import { decode } from '../../domain/events.ts';
import { streamOf } from '../../domain/streams.ts';
import { query, statement } from '../../projections/query.ts';
import { readOn } from '../checker/read-on.ts';
import type { Log } from '../eventstore/log.ts';
import { orphanRemoval } from './orphan-removal.ts';

const Row = z.object({ member_id: z.string() });

/** Keys older than an hour of people whom the read side doesn't know; erased ones are tombstones. */
const unknownKeys = () =>
  query(Row)`
    SELECT k.member_id FROM vault.member_keys AS k
    WHERE k.wrapped IS NOT NULL AND k.created_at < clock_timestamp() - interval '1 hour'
      AND NOT EXISTS (SELECT FROM read.members AS m WHERE m.member_id = k.member_id)`;

const removal = (memberId: string) => statement`
  DELETE FROM vault.member_keys AS k
  WHERE k.member_id = ${memberId} AND k.wrapped IS NOT NULL
    AND NOT EXISTS (SELECT FROM read.members AS m WHERE m.member_id = k.member_id)`;

export interface OrphanKeysParts {
  readonly eventLog: Pick<Log, 'head' | 'read' | 'subscribe'>;
  readonly pool: DatabasePool;
  readonly log: Logger;
}

/** Of some keys older than an hour, those that nothing in the log knows: no member, no claim. */
export async function orphanKeys({
  eventLog,
  pool,
}: Omit<OrphanKeysParts, 'log'>): Promise<readonly string[]> {
  const orphans = new Set((await pool.any(unknownKeys())).map((row) => row.member_id));
  for (const memberId of orphans) {
    for await (const _ of eventLog.read(streamOf.member(memberId))) {
      orphans.delete(memberId);
      break;
    }
  }
  if (orphans.size === 0) return [];
  for await (const stored of readOn(eventLog, { after: null, prefixes: [streamOf.email('')] })) {
    const { type, data } = decode(stored);
    if (type === 'EmailClaimed') orphans.delete(data.memberId);
  }
  return [...orphans];
}

/** Removes the keys of sign-ups that came to nothing. */
export const orphanKeyRemoval = ({ eventLog, pool, log }: OrphanKeysParts) =>
  orphanRemoval({
    name: 'keys of nobody',
    when: '0 5-59/10 * * * *',
    find: () => orphanKeys({ eventLog, pool }),
    remove: (memberId) => pool.query(removal(memberId)),
    log,
  });

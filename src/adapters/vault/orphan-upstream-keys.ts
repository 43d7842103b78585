import type { Logger } from 'pino';
import type { DatabasePool } from 'slonik';
import { z } from 'zod';
import { decode } from '../../domain/events.ts';
import { streamOf } from '../../domain/streams.ts';
import { query, statement } from '../../projections/query.ts';
import type { Log } from '../eventstore/log.ts';
import { orphanRemoval } from './orphan-removal.ts';
import { upstreamKeyPrefix } from './upstream-keys.ts';

const Row = z.object({ name: z.string() });

const oldKeys = () =>
  query(Row)`
    SELECT name FROM vault.secrets
    WHERE starts_with(name, ${upstreamKeyPrefix})
      AND changed_at < clock_timestamp() - interval '1 hour' ORDER BY name`;

const removal = (name: string) => statement`DELETE FROM vault.secrets WHERE name = ${name}`;

export interface OrphanUpstreamKeysParts {
  readonly eventLog: Pick<Log, 'read'>;
  readonly pool: DatabasePool;
  readonly clock: () => Date;
  readonly log: Logger;
}

const hourMs = 3_600_000;

/** Keys of upstreams, older than an hour, that no upstream had at any time in the last hour. */
async function orphansOf({
  eventLog,
  pool,
  clock,
}: Omit<OrphanUpstreamKeysParts, 'log'>): Promise<readonly string[]> {
  const names = (await pool.any(oldKeys())).map(({ name }) => name);
  const hourAgo = new Date(clock().getTime() - hourMs).toISOString();
  const needed = new Map<string, ReadonlySet<string>>();
  const orphans: string[] = [];
  for (const name of names) {
    const [id = '', keyId = ''] = name.slice(upstreamKeyPrefix.length).split('/');
    const keys = needed.get(id) ?? (await keysSince(eventLog, id, hourAgo));
    needed.set(id, keys);
    if (!keys.has(keyId)) orphans.push(name);
  }
  return orphans;
}

async function keysSince(
  eventLog: Pick<Log, 'read'>,
  id: string,
  since: string,
): Promise<ReadonlySet<string>> {
  let keys = new Set<string>();
  for await (const stored of eventLog.read(streamOf.upstream(id))) {
    const event = decode(stored);
    // What held before is no longer needed, unless it held within that time.
    if (event.meta.recordedAt <= since) keys = new Set();
    if (event.type !== 'UpstreamChanged') continue;
    for (const { keyId } of event.data.keys) keys.add(keyId);
  }
  return keys;
}

/** Removes keys that were sealed for a change that never was, or that were replaced. */
export const orphanUpstreamKeyRemoval = (parts: OrphanUpstreamKeysParts) =>
  orphanRemoval({
    name: 'keys of no upstream',
    when: '30 5-59/10 * * * *',
    find: () => orphansOf(parts),
    remove: (name) => parts.pool.query(removal(name)),
    log: parts.log,
  });

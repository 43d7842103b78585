import type { ExecutionContext } from 'ava';
import { pino } from 'pino';
import { z } from 'zod';
import { directFeed } from '../../src/adapters/postgres/direct-feed.ts';
import { migrate } from '../../src/adapters/postgres/migrate.ts';
import { openPool } from '../../src/adapters/postgres/pool.ts';
import { projector } from '../../src/adapters/postgres/project.ts';
import type { DomainEvent } from '../../src/domain/events.ts';
import { builds } from '../../src/projections/installation.ts';
import type { Projection } from '../../src/projections/projection.ts';
import { latest, projection, sum } from '../../src/projections/projection.ts';
import { query } from '../../src/projections/query.ts';
import { memoryLog } from './memory-log.ts';
import { testDatabase } from './postgres.ts';
import { stored } from './recorded.ts';
import { routeTo } from './routes.ts';

const log = pino({ level: 'silent' });
const candidate = { upstream: 'sandbox', model: 'demo', weight: 1 };

/** What every version of the read model says of itself. */
export const about = { meaning: 'One row an alias.', group: 'analytics' } as const;

/** How often each alias' route was changed, times what a version makes of it. */
export const changes = (version: number, each = 1, refuses = '') =>
  projection(
    'changes',
    {
      ...about,
      ...{ version, key: { alias: 'text' } },
      columns: { times: sum('bigint'), note: latest('text') },
    },
    {
      RouteChanged: ({ data }) => {
        if (data.alias === refuses) throw new Error(`${refuses} is too much`);
        return [{ alias: data.alias, times: each, note: `version ${version}` }];
      },
    },
  );

/** A log of changed routes, a read model of them that can be fed and rebuilt, and what readers see of it. */
export async function changesWorld(t: ExecutionContext) {
  const databaseUrl = await testDatabase(t);
  await migrate(databaseUrl);
  const pool = await openPool(databaseUrl);
  t.teardown(() => pool.end());
  const eventLog = memoryLog();
  const revisions = new Map<string, bigint>();
  const route = async (alias: string) => {
    const stream = `route-${alias}`;
    const last = revisions.get(stream);
    const event: DomainEvent = { type: 'RouteChanged', data: { alias, ...routeTo([candidate]) } };
    const { data, metadata } = stored(event);
    const id = crypto.randomUUID();
    await eventLog.append(stream, last ?? 'no_stream', [
      { id, type: event.type, data: { ...Object(data) }, metadata: { ...Object(metadata) } },
    ]);
    revisions.set(stream, last === undefined ? 0n : last + 1n);
  };
  const feed = (which: Projection) => {
    const running = directFeed({
      eventLog,
      projector: projector({ databaseUrl, projections: [which], log }),
      log,
    });
    t.teardown(running.close);
    return running;
  };
  const { signal } = new AbortController();
  const parts = { databaseUrl, eventLog, log, signal };
  const Row = z.object({ line: z.string() });
  const shown = () =>
    pool.anyFirst(
      query(Row)`SELECT alias || ' ' || times || ' ' || note AS line FROM read.changes ORDER BY 1`,
    );
  const known = async () =>
    (await pool.any(builds())).map(({ schema, state }) => `${schema} ${state}`);
  return { databaseUrl, pool, route, feed, parts, shown, known };
}

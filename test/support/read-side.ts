import { pino } from 'pino';
import type { DatabasePool } from 'slonik';
import type { Log } from '../../src/adapters/eventstore/log.ts';
import type { Feed } from '../../src/adapters/postgres/direct-feed.ts';
import { directFeed } from '../../src/adapters/postgres/direct-feed.ts';
import { migrate } from '../../src/adapters/postgres/migrate.ts';
import { openPool } from '../../src/adapters/postgres/pool.ts';
import { projector } from '../../src/adapters/postgres/project.ts';
import { prepareReadModels } from '../../src/adapters/postgres/read-schema.ts';
import { projections } from '../../src/projections/registry.ts';
import { eventually } from './eventually.ts';
import { testDatabase } from './postgres.ts';

interface Teardown {
  teardown(end: () => Promise<void>): void;
}

/** A database of its own with every schema and an open pool. */
export async function readDatabase(t: Teardown): Promise<{ url: string; pool: DatabasePool }> {
  const url = await testDatabase(t);
  await migrate(url);
  await prepareReadModels(url, projections);
  const pool = await openPool(url);
  t.teardown(() => pool.end());
  return { url, pool };
}

/** The read models of a log, kept up to date until the test is done. */
export function feedFrom(
  t: Teardown,
  url: string,
  eventLog: Pick<Log, 'head' | 'subscribe'>,
): Feed {
  const log = pino({ level: 'silent' });
  const feed = directFeed({
    eventLog,
    projector: projector({ databaseUrl: url, projections, log }),
    log,
  });
  t.teardown(feed.close);
  return feed;
}

/** Waits until the read models hold everything up to a position. */
export const reached = (feed: Feed, position: bigint): Promise<void> =>
  eventually(() => (feed.position() ?? -1n) >= position);

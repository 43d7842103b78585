import { pino } from 'pino';
import type { Log } from '../../src/adapters/eventstore/log.ts';
import { directFeed } from '../../src/adapters/postgres/direct-feed.ts';
import { migrate } from '../../src/adapters/postgres/migrate.ts';
import { projector } from '../../src/adapters/postgres/project.ts';
import { projections } from '../../src/projections/registry.ts';
import { eventually } from './eventually.ts';
import { testDatabase } from './postgres.ts';
import { tables } from './tables.ts';

const log = pino({ level: 'silent' });

/** What a fold of the whole log into an empty database gives. */
export async function foldedTables(
  t: { teardown(end: () => Promise<void>): void },
  eventLog: Pick<Log, 'subscribe' | 'head'>,
): Promise<Readonly<Record<string, readonly string[]>>> {
  const databaseUrl = await testDatabase(t);
  await migrate(databaseUrl);
  const end = (await eventLog.head()) ?? -1n;
  const whole = directFeed({
    eventLog,
    projector: projector({ databaseUrl, projections, log }),
    log,
  });
  await eventually(() => (whole.position() ?? -1n) >= end);
  await whole.close();
  return tables(databaseUrl, projections);
}

import test from 'ava';
import { pino } from 'pino';
import { z } from 'zod';
import { migrate } from '../../../src/adapters/postgres/migrate.ts';
import { openPool } from '../../../src/adapters/postgres/pool.ts';
import { projector } from '../../../src/adapters/postgres/project.ts';
import { prepareReadModels } from '../../../src/adapters/postgres/read-schema.ts';
import type { DomainEvent } from '../../../src/domain/events.ts';
import { latest, projection } from '../../../src/projections/projection.ts';
import { query } from '../../../src/projections/query.ts';
import { projections } from '../../../src/projections/registry.ts';
import { testDatabase } from '../../support/postgres.ts';
import { storedHistory } from '../../support/recorded.ts';

const log = pino({ level: 'silent' });
const version = (number: number) =>
  projection(
    'aliases',
    { version: number, key: { alias: 'text' }, columns: { note: latest('text') } },
    { RouteChanged: ({ data }) => [{ alias: data.alias, note: `version ${number}` }] },
  );
const candidate = { upstream: 'sandbox', model: 'demo', weight: 1 };
const events = storedHistory([
  { type: 'RouteChanged', data: { alias: 'demo', candidates: [candidate] } } satisfies DomainEvent,
]);
const Note = z.object({ note: z.string() });

test('a new version of a read model is shown when it has caught up', async (t) => {
  const url = await testDatabase(t);
  await migrate(url);
  const pool = await openPool(url);
  t.teardown(() => pool.end());
  const notes = () => pool.anyFirst(query(Note)`SELECT note FROM read.aliases`);
  const start = async (number: number) => {
    const running = projector({ databaseUrl: url, projections: [version(number)], log });
    t.is(await running.open(), null);
    return running;
  };
  const old = await start(1);
  await old.apply(events);
  await old.show();
  old.close();
  t.deepEqual(await notes(), ['version 1']);

  const next = await start(2);
  t.deepEqual(await notes(), ['version 1']);
  await next.apply(events);
  await next.show();
  next.close();
  t.deepEqual(await notes(), ['version 2']);
});

test('processes that start at once prepare the same tables without a quarrel', async (t) => {
  const url = await testDatabase(t);
  await migrate(url);
  await t.notThrowsAsync(Promise.all([1, 2, 3].map(() => prepareReadModels(url, projections))));
});

import test from 'ava';
import fc from 'fast-check';
import pg from 'pg';
import type { Projector } from '../../../src/adapters/postgres/project.ts';
import { projections } from '../../../src/projections/registry.ts';
import { routes } from '../../../src/projections/routes.ts';
import { schemaOf } from '../../../src/projections/table.ts';
import { calm, picky, strict } from '../../support/picky-tables.ts';
import { database, start, story } from '../../support/projected.ts';
import { tables } from '../../support/tables.ts';

test('batches that are given while others are at work give the same tables, and a poisoned one stops', async (t) => {
  const events = story();
  const which = [...projections, picky, strict, calm];
  const reference = await database(t);
  const whole = start(reference, which);
  await whole.open();
  for (const event of events) await whole.apply([event]);
  const expected = await tables(reference, which);
  const stops = (each: Projector) =>
    each.stopped().map(({ schema, partition, position }) => `${schema} ${partition} ${position}`);
  const expectedStops = stops(whole);
  t.is(expectedStops.length, 2);
  whole.close();

  const cut = fc.record({ take: fc.integer({ min: 1, max: 9 }), back: fc.nat(4) });
  await fc.assert(
    fc.asyncProperty(fc.infiniteStream(cut), async (cuts) => {
      const url = await database(t);
      const running = start(url, which);
      await running.open();
      const all: Promise<void>[] = [];
      for (let done = 0; done < events.length; ) {
        const { take, back } = cuts.next().value;
        all.push(running.apply(events.slice(Math.max(0, done - back), done + take)));
        done += take;
      }
      await Promise.all(all);
      t.deepEqual(await tables(url, which), expected);
      t.deepEqual(stops(running), expectedStops);
      running.close();
    }),
    { numRuns: 6 },
  );
});

test('after a batch that failed none is written until the projector is opened again', async (t) => {
  const url = await database(t);
  const events = story();
  const running = start(url);
  await running.open();
  await running.apply(events.slice(0, 5));
  const between = await tables(url, projections);
  const blocker = new pg.Client({ connectionString: url });
  await blocker.connect();
  t.teardown(() => blocker.end());
  await blocker.query(`ALTER TABLE ${schemaOf(routes)}.routes RENAME TO hidden`);
  const failing = running.apply(events.slice(5, 9));
  const ahead = running.apply(events.slice(9));
  const failed = await t.throwsAsync(failing);
  await blocker.query(`ALTER TABLE ${schemaOf(routes)}.hidden RENAME TO routes`);
  t.is(await t.throwsAsync(ahead), failed);
  t.is(await t.throwsAsync(running.apply(events.slice(9))), failed);
  t.deepEqual(await tables(url, projections), between);

  t.is(await running.open(), events[4]?.position ?? null);
  await running.apply(events.slice(5));
  running.close();
  const reference = await database(t);
  const once = start(reference);
  await once.open();
  await once.apply(events);
  once.close();
  t.deepEqual(await tables(url, projections), await tables(reference, projections));
});

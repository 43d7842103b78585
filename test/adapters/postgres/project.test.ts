import test from 'ava';
import fc from 'fast-check';
import pg from 'pg';
import type { Projector } from '../../../src/adapters/postgres/project.ts';
import type { StoredEvent } from '../../../src/domain/events.ts';
import { nameId } from '../../../src/domain/ids.ts';
import { allPartitions, partitionCount, partitionOf } from '../../../src/projections/partition.ts';
import { projections } from '../../../src/projections/registry.ts';
import { routes } from '../../../src/projections/routes.ts';
import { schemaOf } from '../../../src/projections/table.ts';
import { database, start, story } from '../../support/projected.ts';
import { tables } from '../../support/tables.ts';

test('any batching, restart and repetition gives the same tables', async (t) => {
  const events = story();
  const [reference, url] = [await database(t), await database(t)];
  const whole = start(reference);
  await whole.open();
  for (const event of events) await whole.apply([event]);
  whole.close();
  const expected = await tables(reference, projections);
  const { calls = [], open_holds: open = [] } = expected;
  t.is(calls.length, 12);
  t.is(open.length, 5);

  const step = fc.record({
    take: fc.integer({ min: 1, max: 12 }),
    back: fc.nat(6),
    reopen: fc.boolean(),
  });
  const steps = fc.infiniteStream(step);
  await fc.assert(
    fc.asyncProperty(steps, async (cuts) => {
      await clear(url);
      let running = start(url);
      await running.open();
      for (let done = 0; done < events.length; ) {
        const { take, back, reopen } = cuts.next().value;
        if (reopen) {
          running.close();
          running = start(url);
          await running.open();
        }
        await running.apply(events.slice(Math.max(0, done - back), done + take));
        done += take;
      }
      running.close();
      t.deepEqual(await tables(url, projections), expected);
    }),
    { numRuns: 12 },
  );
});

test('partitions that come one after the other, or in turns, give the same tables', async (t) => {
  const events = spread();
  const [reference, url] = [await database(t), await database(t)];
  const whole = start(reference);
  await whole.open();
  await whole.apply(events);
  whole.close();
  const expected = await tables(reference, projections);
  const byPartition = allPartitions.map((n) =>
    events.filter(({ stream }) => partitionOf(stream) === n),
  );
  const turns = fc.infiniteStream(
    fc.record({ partition: fc.nat(partitionCount - 1), take: fc.integer({ min: 1, max: 9 }) }),
  );
  await fc.assert(
    fc.asyncProperty(turns, async (order) => {
      await clear(url);
      const running = start(url);
      await running.open();
      const done = byPartition.map(() => 0);
      while (done.some((count, n) => count < (byPartition[n]?.length ?? 0))) {
        const { partition, take } = order.next().value;
        const from = done[partition] ?? 0;
        const part = byPartition[partition]?.slice(Math.max(0, from - 2), from + take) ?? [];
        const last = part.at(-1)?.position;
        if (last !== undefined) await running.apply(part, new Map([[partition, last]]));
        done[partition] = from + take;
      }
      running.close();
      t.deepEqual(await tables(url, projections), expected);
    }),
    { numRuns: 6 },
  );
});

/** The story's events, as several wallets and other nouns would have them. */
const spread = (): readonly StoredEvent[] =>
  ['a', 'b', 'c'].flatMap((name, n) => {
    const streams = new Map<string, bigint>();
    return story().map((event, index) => {
      const stream = event.type === 'RouteChanged' ? `route-${name}` : `wallet-${name}@0`;
      const revision = (streams.get(stream) ?? -1n) + 1n;
      streams.set(stream, revision);
      const position = BigInt(n * 1_000 + index);
      const data = renamed(event.data, name);
      return { ...event, id: nameId(`${name}/${index}`), stream, revision, position, data };
    });
  });

/** The same data of another wallet, with other calls and lots. */
const renamed = (data: unknown, name: string): unknown =>
  JSON.parse(
    JSON.stringify(data, (key, value) =>
      ['callId', 'walletId', 'lotId', 'alias'].includes(key) && typeof value === 'string'
        ? key === 'alias'
          ? `${value}-${name}`
          : nameId(`${name}/${value}`)
        : value,
    )
      .replaceAll(/credit:[0-9a-f-]{36}/g, `credit:${nameId(name)}`)
      .replaceAll(/hold:[0-9a-f-]{36}/g, `hold:${nameId(name)}`),
  );

async function clear(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  for (const { name, version } of projections) {
    await client.query(`DROP SCHEMA IF EXISTS ${name}_v${version} CASCADE`);
  }
  await client.query('TRUNCATE feed.positions, feed.builds');
  await client.end();
}

test('rows whose checkpoint was not committed are written once', async (t) => {
  const url = await database(t);
  const events = story();
  const first = start(url);
  await first.open();
  await first.apply(events.slice(0, 5));
  const between = await tables(url, projections);
  // The last table's statement fails, as a crash would: what was written before it is gone too.
  const blocker = new pg.Client({ connectionString: url });
  await blocker.connect();
  const schema = schemaOf(routes);
  await blocker.query(`ALTER TABLE ${schema}.routes RENAME TO hidden`);
  await t.throwsAsync(first.apply(events.slice(5)));
  await blocker.query(`ALTER TABLE ${schema}.hidden RENAME TO routes`);
  await blocker.end();
  t.deepEqual(await tables(url, projections), between);
  first.close();

  const second = start(url);
  t.is(await second.open(), events[4]?.position ?? null);
  await second.apply(events);
  second.close();
  const reference = await database(t);
  const once = start(reference);
  await once.open();
  await once.apply(events);
  once.close();
  t.deepEqual(await tables(url, projections), await tables(reference, projections));
});

test('two projectors on one database write every event once', async (t) => {
  const url = await database(t);
  const events = story();
  const both = [start(url), start(url)];
  for (const each of both) await each.open();
  const feed = async (each: Projector, size: number) => {
    for (let from = 0; from < events.length; from += size) {
      await each.apply(events.slice(from, from + size));
    }
  };
  await Promise.all(both.map((each, n) => feed(each, n + 2)));
  for (const each of both) each.close();
  const reference = await database(t);
  const once = start(reference);
  await once.open();
  await once.apply(events);
  once.close();
  t.deepEqual(await tables(url, projections), await tables(reference, projections));
});

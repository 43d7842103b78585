import test from 'ava';
import fc from 'fast-check';
import pg from 'pg';
import { pino } from 'pino';
import { migrate } from '../../../src/adapters/postgres/migrate.ts';
import type { Projector } from '../../../src/adapters/postgres/project.ts';
import { projector } from '../../../src/adapters/postgres/project.ts';
import type { DomainEvent, StoredEvent } from '../../../src/domain/events.ts';
import { nameId } from '../../../src/domain/ids.ts';
import { allPartitions, partitionCount, partitionOf } from '../../../src/projections/partition.ts';
import { latest, projection } from '../../../src/projections/projection.ts';
import { projections } from '../../../src/projections/registry.ts';
import { testDatabase } from '../../support/postgres.ts';
import { storedHistory } from '../../support/recorded.ts';
import { tables } from '../../support/tables.ts';
import {
  abandonOf,
  grantOf,
  history,
  releaseOf,
  reserveOf,
  settleOf,
} from '../../support/wallets.ts';

const log = pino({ level: 'silent' });

async function database(t: Parameters<typeof testDatabase>[0]): Promise<string> {
  const url = await testDatabase(t);
  await migrate(url);
  return url;
}

const start = (databaseUrl: string, which = projections): Projector =>
  projector({ databaseUrl, projections: which, log });

/** Several wallets, calls that overlap and resolve in each way, and some other nouns in between. */
function story(): readonly StoredEvent[] {
  const names = Array.from({ length: 12 }, (_, n) => `call-${n}`);
  const calls = history(
    grantOf('5'),
    grantOf('99999999999999999999999999.123456789012', { kind: 'paid' }),
    ...names.slice(0, 6).map((name) => reserveOf(name)),
    ...names.slice(0, 4).map((name, n) => settleOf(name, { input: n, output: 10 * n })),
    ...names.slice(6).map((name) => reserveOf(name)),
    settleOf('call-4', { output: 500 }),
    releaseOf('call-5', { at: later }),
    abandonOf('call-6', { at: later }),
  );
  const others: readonly DomainEvent[] = [
    { type: 'RouteChanged', data: { alias: 'demo', candidates: [candidate] } },
    { type: 'RoleGranted', data: { memberId: nameId('member'), role: 'admin' } },
    { type: 'RouteChanged', data: { alias: 'demo', candidates: [candidate, candidate] } },
  ];
  const [before, after] = [calls.slice(0, 9), calls.slice(9)];
  return storedHistory([...before, ...others, ...after], { position: 10n });
}

const later = '2026-01-02T12:00:00.000Z';
const candidate = { upstream: 'sandbox', model: 'demo', weight: 1 };

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
  await blocker.query('ALTER TABLE routes_v1.routes RENAME TO hidden');
  await t.throwsAsync(first.apply(events.slice(5)));
  await blocker.query('ALTER TABLE routes_v1.hidden RENAME TO routes');
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

const about = { meaning: 'One row a test.', group: 'analytics' } as const;

const picky = projection(
  'picky',
  { ...about, version: 1, key: { alias: 'text' }, columns: { at: latest('timestamptz') } },
  {
    RoleGranted: () => {
      throw new Error('no roles here');
    },
    RouteChanged: ({ data }) => [{ alias: data.alias, at: '2026-01-01T00:00:00.000Z' }],
  },
);
const strict = projection(
  'strict',
  { ...about, version: 1, key: { alias: 'text' }, columns: { n: latest('integer') } },
  {
    RouteChanged: ({ data }) => [{ alias: data.alias, n: data.candidates.length * 2_000_000_000 }],
  },
);
const calm = projection(
  'calm',
  { ...about, version: 1, key: { type: 'text', id: 'uuid' }, columns: {} },
  ({ type, id }) => [{ type, id }],
);

const spelled = projection(
  'spelled',
  { ...about, version: 1, key: { model: 'text' }, columns: { again: latest('text') } },
  { RouteChanged: ({ data }) => data.candidates.map(({ model }) => ({ model, again: model })) },
);

test('text is kept as it is written, whatever stands in it', async (t) => {
  const url = await database(t);
  const texts = [' ', 'NULL', '"', '\\', '\\"', '{a,b}', 'a,b', '\n\t', '你好', "'", '\\n'];
  const candidates = texts.map((model) => ({ ...candidate, model }));
  const routed: DomainEvent = { type: 'RouteChanged', data: { alias: 'x', candidates } };
  const running = start(url, [spelled]);
  await running.open();
  await running.apply(storedHistory([routed], { position: 1n }));
  running.close();
  const client = new pg.Client(url);
  await client.connect();
  t.teardown(() => client.end());
  const { rows } = await client.query('SELECT model, again FROM spelled_v1.spelled');
  t.deepEqual(
    new Map(rows.map(({ model, again }) => [model, again])),
    new Map(texts.map((text) => [text, text])),
  );
});

test('a read model stops at the event its handler throws on, and the others go on', async (t) => {
  const url = await database(t);
  const events = story();
  const poison = events.find(({ type }) => type === 'RoleGranted');
  const running = start(url, [picky, calm]);
  await running.open();
  await running.apply(events);
  t.is(running.stopped().length, 1);
  const [stopped] = running.stopped();
  t.is(stopped?.projection, 'picky');
  t.is(stopped?.cause, 'poison');
  t.is(stopped?.position, poison?.position);
  t.is(running.position(), events.at(-1)?.position ?? null);
  await running.apply(storedHistory([candidateRoute], { position: 100n, stream: 'route-x' }));
  running.close();
  const { picky: rows = [], calm: all = [] } = await tables(url, [picky, calm]);
  // What came in another partition is there; what came after the poison in its own is not.
  t.deepEqual(
    rows.map((row) => row.split(',')[0]),
    ['(demo', '(x'],
  );
  t.is(all.length, events.length + 1);

  const again = start(url, [picky, calm]);
  t.is(await again.open(), (poison?.position ?? 0n) - 1n);
  again.close();
});

const candidateRoute: DomainEvent = {
  type: 'RouteChanged',
  data: { alias: 'x', candidates: [candidate] },
};

test('a read model stops at the event whose rows its table refuses', async (t) => {
  const url = await database(t);
  const events = story();
  const second = events.findLast(({ type }) => type === 'RouteChanged');
  const running = start(url, [strict, calm]);
  await running.open();
  await running.apply(events);
  t.deepEqual(
    running.stopped().map(({ projection: name, position }) => [name, position]),
    [['strict', second?.position]],
  );
  running.close();
  const { strict: rows = [], calm: all = [] } = await tables(url, [strict, calm]);
  t.deepEqual(rows, ['(demo,2000000000)']);
  t.is(all.length, events.length);
});

test('everything waits, in its partition, at an event of a newer version, which is not poison', async (t) => {
  const url = await database(t);
  const events = [...story()];
  const newer = events[6];
  if (!newer) throw new Error('The story is too short.');
  events[6] = { ...newer, type: 'TakenFromTheFuture' };
  const running = start(url);
  await running.open();
  await running.apply(events);
  const partition = partitionOf(newer.stream);
  const elsewhere = (partition + 1) % partitionCount;
  t.is(running.positionIn(partition), undefined);
  t.is(running.positionIn(elsewhere), events.at(-1)?.position ?? null);
  t.true(running.runs());
  const { event_index: index = [] } = await tables(url, projections);
  t.is(index.length, 6);
  t.deepEqual(
    new Set(running.stopped().map(({ cause, position }) => `${cause} ${position}`)),
    new Set([`newer_version ${newer.position}`]),
  );
  running.close();
});

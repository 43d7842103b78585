import test from 'ava';
import pg from 'pg';
import type { DomainEvent } from '../../../src/domain/events.ts';
import { partitionCount, partitionOf } from '../../../src/projections/partition.ts';
import { latest, projection } from '../../../src/projections/projection.ts';
import { projections } from '../../../src/projections/registry.ts';
import { about, calm, picky, strict } from '../../support/picky-tables.ts';
import { candidate, database, start, story } from '../../support/projected.ts';
import { storedHistory } from '../../support/recorded.ts';
import { routeTo } from '../../support/routes.ts';
import { tables } from '../../support/tables.ts';

const spelled = projection(
  'spelled',
  { ...about, version: 1, key: { model: 'text' }, columns: { again: latest('text') } },
  { RouteChanged: ({ data }) => data.candidates.map(({ model }) => ({ model, again: model })) },
);

test('text is kept as it is written, whatever stands in it', async (t) => {
  const url = await database(t);
  const texts = [' ', 'NULL', '"', '\\', '\\"', '{a,b}', 'a,b', '\n\t', '你好', "'", '\\n'];
  const candidates = texts.map((model) => ({ ...candidate, model }));
  const routed: DomainEvent = {
    type: 'RouteChanged',
    data: { alias: 'x', ...routeTo(candidates) },
  };
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
  data: { alias: 'x', ...routeTo([candidate]) },
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

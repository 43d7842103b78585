import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { z } from 'zod';
import { buildOrders } from '../../../src/adapters/postgres/build-orders.ts';
import { connect } from '../../../src/adapters/postgres/connect.ts';
import {
  dropIn,
  RebuildRunning,
  RebuildStopped,
  rebuild,
} from '../../../src/adapters/postgres/rebuild.ts';
import { dropOthers, rollBack } from '../../../src/adapters/postgres/rollback.ts';
import { stops } from '../../../src/projections/installation.ts';
import { projection, sum } from '../../../src/projections/projection.ts';
import { query } from '../../../src/projections/query.ts';
import { about, changes, changesWorld } from '../../support/changes-world.ts';
import { eventually } from '../../support/eventually.ts';

test('two at once are one', async (t) => {
  const { route, feed, parts, databaseUrl } = await changesWorld(t);
  await route('a');
  const running = feed(changes(1));
  await eventually(() => running.position() === 0n);
  const other = await connect(databaseUrl, { name: 'other' });
  t.teardown(() => other.end());
  await other.query(`SELECT pg_advisory_lock(4711003, hashtext('changes'))`);
  await t.throwsAsync(rebuild(changes(1), parts), { instanceOf: RebuildRunning });
});

test('what a person let a read model leave out, one that is ordered anew leaves out again', async (t) => {
  const { route, feed, parts, shown, known, databaseUrl } = await changesWorld(t);
  const picky = changes(1, 1, 'b');
  for (const alias of ['a', 'b', 'c']) await route(alias);
  const running = feed(picky);
  await eventually(() => running.state().stopped.length === 1);
  const orders = buildOrders(databaseUrl);
  await orders.skip('changes_v1', 1n);
  await eventually(() => running.state().stopped.length === 0 && running.position() === 2n);
  t.is(await orders.rebuild(picky), 'changes_v1_b2');
  const { comparison } = await rebuild(picky, parts);
  t.true(comparison.same);
  t.deepEqual(await shown(), ['a 1 version 1', 'c 1 version 1']);
  t.deepEqual(await known(), ['changes_v1 kept', 'changes_v1_b2 shown']);
});

test('an event that only a new build meets can be left out, too', async (t) => {
  const { route, feed, parts, pool } = await changesWorld(t);
  for (const alias of ['a', 'b']) await route(alias);
  const running = feed(changes(1));
  await eventually(() => running.position() === 1n);
  await t.throwsAsync(rebuild(changes(1, 1, 'b'), parts), { instanceOf: RebuildStopped });
  const waiting = await pool.any(stops());
  t.deepEqual(
    waiting.map(({ schema, position }) => [schema, position]),
    [['changes_v1_b2', '1']],
  );
});

test('what readers see is never dropped, nor is a build accepted that nobody compared', async (t) => {
  const { route, feed, parts, known, databaseUrl } = await changesWorld(t);
  await route('a');
  const running = feed(changes(1));
  await eventually(() => running.position() === 0n);
  const orders = buildOrders(databaseUrl);
  const schema = await orders.rebuild(changes(1));
  await t.throwsAsync(orders.accept(schema, 'unseen'), { message: /not compared/ });
  await rebuild(changes(1), parts);
  const client = await connect(databaseUrl, { name: 'dropping' });
  await t.throwsAsync(dropIn(client, schema), { message: /readers see/ });
  await client.end();
  t.deepEqual(await known(), ['changes_v1 kept', `${schema} shown`]);
});

test('a build is dropped while it is fed, and neither waits for the other for ever', async (t) => {
  const { route, feed, parts, databaseUrl } = await changesWorld(t);
  await route('a');
  const running = feed(changes(1));
  await eventually(() => running.position() === 0n);
  await rebuild(changes(1), parts);
  await running.close();
  const feeding = await connect(databaseUrl, { name: 'feeding' });
  t.teardown(() => feeding.end());
  await feeding.query('BEGIN');
  await feeding.query(`SELECT FROM feed.positions WHERE consumer = 'changes_v1' FOR UPDATE`);
  const dropping = dropOthers(databaseUrl, changes(1));
  await eventually(async () => {
    const { rowCount } = await feeding.query(
      // What `pg_stat_activity` says is kept for the rest of a transaction.
      'SELECT FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid))',
    );
    return rowCount === 1;
  });
  await feeding.query(`INSERT INTO changes_v1.changes VALUES ('b', 1, '')`);
  await feeding.query('COMMIT');
  t.deepEqual(await dropping, ['changes_v1']);
});

test('a new build does not stand where one of its name stood that was dropped', async (t) => {
  const { route, feed, parts, pool, databaseUrl } = await changesWorld(t);
  for (const alias of ['a', 'b']) await route(alias);
  const running = feed(changes(1));
  await eventually(() => running.position() === 1n);
  await t.throwsAsync(rebuild(changes(1, 1, 'b'), parts), { instanceOf: RebuildStopped });
  await dropOthers(databaseUrl, changes(1));
  await buildOrders(databaseUrl).rebuild(changes(1));
  t.deepEqual(await pool.any(stops()), []);
});

test('several who order the same at once get the same build', async (t) => {
  const { route, feed, databaseUrl } = await changesWorld(t);
  await route('a');
  const running = feed(changes(1));
  await eventually(() => running.position() === 0n);
  const { rebuild: order } = buildOrders(databaseUrl);
  const ordered = await Promise.all([1, 2, 3, 4].map(() => order(changes(1))));
  t.deepEqual([...new Set(ordered)], ['changes_v1_b2']);
});

test('whoever was allowed to read a read model still is, and builds on it, when another build is shown', async (t) => {
  const { route, feed, parts, databaseUrl } = await changesWorld(t);
  await route('a');
  const running = feed(changes(1));
  await eventually(() => running.position() === 0n);
  const client = await connect(databaseUrl, { name: 'analyst' });
  t.teardown(() => client.end());
  await client.query('GRANT SELECT ON read.changes TO pg_monitor');
  await client.query('CREATE VIEW public.aliases AS SELECT alias FROM read.changes');
  await rebuild(changes(1), parts);
  const { rows } = await client.query(
    `SELECT alias, has_table_privilege('pg_monitor', 'read.changes', 'SELECT') AS may FROM aliases`,
  );
  t.deepEqual(rows, [{ alias: 'a', may: true }]);
  t.deepEqual(await dropOthers(databaseUrl, changes(1)), ['changes_v1']);
});

test('a version with other columns is shown, too', async (t) => {
  const { route, feed, parts, pool, known } = await changesWorld(t);
  await route('a');
  const old = feed(changes(1));
  await eventually(() => old.position() === 0n);
  await old.close();
  const fewer = projection(
    'changes',
    { ...about, version: 2, key: { alias: 'text' }, columns: { times: sum('bigint') } },
    { RouteChanged: ({ data }) => [{ alias: data.alias, times: 1 }] },
  );
  feed(fewer);
  await rebuild(fewer, parts);
  t.deepEqual(await known(), ['changes_v1 kept', 'changes_v2 shown']);
  const Row = z.strictObject({ alias: z.string(), times: z.coerce.number() });
  t.deepEqual(await pool.any(query(Row)`SELECT * FROM read.changes`), [{ alias: 'a', times: 1 }]);
});

test('the way back waits for a reader who takes long', async (t) => {
  const { route, feed, parts, databaseUrl } = await changesWorld(t);
  await route('a');
  const running = feed(changes(1));
  await eventually(() => running.position() === 0n);
  await rebuild(changes(1), parts);
  const reader = await connect(databaseUrl, { name: 'reader' });
  t.teardown(() => reader.end());
  await reader.query('BEGIN');
  await reader.query('SELECT FROM read.changes');
  const goingBack = rollBack(databaseUrl, changes(1));
  await t.notThrowsAsync(Promise.race([goingBack, sleep(600)]));
  await reader.query('COMMIT');
  t.is(await goingBack, 'changes_v1');
});

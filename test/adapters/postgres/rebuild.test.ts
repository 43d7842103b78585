import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import pg from 'pg';
import { pino } from 'pino';
import { canary } from '../../../src/adapters/postgres/canary.ts';
import { connect } from '../../../src/adapters/postgres/connect.ts';
import { RebuildDiffers, RebuildStopped, rebuild } from '../../../src/adapters/postgres/rebuild.ts';
import { rebuilder } from '../../../src/adapters/postgres/rebuilder.ts';
import {
  dropOthers,
  NothingToRollBackTo,
  rollBack,
} from '../../../src/adapters/postgres/rollback.ts';
import { latest, projection, sum } from '../../../src/projections/projection.ts';
import { about, changes, changesWorld } from '../../support/changes-world.ts';
import { eventually } from '../../support/eventually.ts';

test('a rebuild gives the same rows, is shown, and both builds are fed', async (t) => {
  const { route, feed, parts, shown, known, databaseUrl } = await changesWorld(t);
  for (const alias of ['a', 'b', 'a', 'c']) await route(alias);
  const running = feed(changes(1));
  await eventually(() => running.position() === 3n);
  const { comparison, schema } = await rebuild(changes(1), parts);
  t.true(comparison.same);
  t.is(comparison.after.rows, '3');
  t.is(schema, 'changes_v1_b2');
  t.deepEqual(await known(), ['changes_v1 kept', 'changes_v1_b2 shown']);
  await route('c');
  await eventually(async () => (await shown()).includes('c 2 version 1'));
  // The one before has it too, so that one can go back to it.
  t.is(await rollBack(databaseUrl, changes(1)), 'changes_v1');
  t.deepEqual(await shown(), ['a 2 version 1', 'b 1 version 1', 'c 2 version 1']);
  t.deepEqual(await dropOthers(databaseUrl, changes(1)), ['changes_v1_b2']);
  await t.throwsAsync(rollBack(databaseUrl, changes(1)), { instanceOf: NothingToRollBackTo });
});

test('while events come, nothing is lost between the last look and the swap', async (t) => {
  const { route, feed, parts, shown } = await changesWorld(t);
  const running = feed(changes(1));
  let written = 0;
  let writing = true;
  const writer = (async () => {
    while (writing) {
      await route(`r${written % 7}`);
      written += 1;
    }
  })();
  await eventually(() => (running.position() ?? 0n) > 50n);
  await rebuild(changes(1), parts);
  await rebuild(changes(1), parts);
  writing = false;
  await writer;
  await eventually(async () => {
    const times = (await shown()).map((line) => Number(String(line).split(' ')[1]));
    return times.reduce((total, each) => total + each, 0) === written;
  });
  t.is((await shown()).length, 7);
});

test('whoever feeds the old build goes on while both are compared', async (t) => {
  const { route, feed, parts, shown, databaseUrl } = await changesWorld(t);
  await route('a');
  const running = feed(changes(1));
  await eventually(() => running.position() === 0n);
  const gate = await connect(databaseUrl, { name: 'gate' });
  t.teardown(() => gate.end());
  // Whoever reads the old build's rows waits at the gate; who writes there does not.
  await gate.query(`
    CREATE FUNCTION passes() RETURNS boolean LANGUAGE sql VOLATILE AS $$
      SELECT pg_advisory_lock_shared(42) IS NOT NULL AND pg_advisory_unlock_shared(42) $$;
    ALTER TABLE changes_v1.changes RENAME TO kept;
    CREATE VIEW changes_v1.changes AS SELECT * FROM changes_v1.kept WHERE passes();
    SELECT pg_advisory_lock(42)`);
  const rebuilding = rebuild(changes(1), parts);
  await eventually(async () => {
    const { rowCount } = await gate.query(
      `SELECT FROM pg_locks WHERE locktype = 'advisory' AND objid = 42 AND NOT granted`,
    );
    return rowCount === 1;
  });
  await route('b');
  await eventually(() => running.position() === 1n);
  await gate.query('SELECT pg_advisory_unlock(42)');
  const { comparison } = await rebuilding;
  t.true(comparison.same);
  t.is(comparison.after.rows, '1');
  t.deepEqual(await shown(), ['a 1 version 1', 'b 1 version 1']);
});

test('a reader who takes long is waited for, and what is written meanwhile is shown', async (t) => {
  const { route, feed, parts, shown, known, databaseUrl } = await changesWorld(t);
  await route('a');
  const running = feed(changes(1));
  await eventually(() => running.position() === 0n);
  const reader = await connect(databaseUrl, { name: 'reader' });
  t.teardown(() => reader.end());
  await reader.query('BEGIN');
  await reader.query('SELECT FROM read.changes');
  const said: string[] = [];
  const telling = pino({ level: 'info' }, { write: (line) => void said.push(line) });
  const rebuilding = rebuild(changes(1), { ...parts, log: telling });
  await eventually(() => said.some((line) => line.includes('the swap is tried again')));
  await route('b');
  await eventually(() => running.position() === 1n);
  t.deepEqual(await known(), ['changes_v1 shown', 'changes_v1_b2 filling']);
  await reader.query('COMMIT');
  await rebuilding;
  t.deepEqual(await shown(), ['a 1 version 1', 'b 1 version 1']);
  t.deepEqual(await known(), ['changes_v1 kept', 'changes_v1_b2 shown']);
});

test('the same code that gives other rows is refused, and what was shown stays', async (t) => {
  const { route, feed, parts, shown, known, databaseUrl } = await changesWorld(t);
  for (const alias of ['a', 'b']) await route(alias);
  const running = feed(changes(1));
  await eventually(() => running.position() === 1n);
  const client = new pg.Client(databaseUrl);
  await client.connect();
  await client.query(`UPDATE changes_v1.changes SET times = 7 WHERE alias = 'b'`);
  await client.end();
  const error = await t.throwsAsync(rebuild(changes(1), parts), { instanceOf: RebuildDiffers });
  t.deepEqual(error?.rebuilt.comparison.onlyBefore, ['(b)']);
  t.deepEqual(error?.rebuilt.comparison.before.sums, { times: '8' });
  t.deepEqual(error?.rebuilt.comparison.after.sums, { times: '2' });
  t.true((await shown()).includes('b 7 version 1'));
  t.deepEqual(await known(), ['changes_v1 shown', 'changes_v1_b2 filling']);
  // Accepting is for other code; who knows that the rows were changed repairs them.
  await t.throwsAsync(rebuild(changes(1), parts, { accept: 'fine' }), {
    instanceOf: RebuildDiffers,
  });
  await rebuild(changes(1), parts, { repair: 'a row was changed by hand' });
  t.true((await shown()).includes('b 1 version 1'));
});

test('a canary compares and leaves nothing behind', async (t) => {
  const { route, feed, parts, known } = await changesWorld(t);
  await route('a');
  const running = feed(changes(1));
  await eventually(() => running.position() === 0n);
  const { comparison } = await rebuild(changes(1), parts, { isCanary: true });
  t.true(comparison.same);
  t.deepEqual(await known(), ['changes_v1 shown']);
});

test('other code is filled beside the old; its difference waits for somebody to accept it', async (t) => {
  const { route, feed, parts, shown, known } = await changesWorld(t);
  for (const alias of ['a', 'b']) await route(alias);
  const old = feed(changes(1));
  await eventually(() => old.position() === 1n);
  await old.close();
  const running = feed(changes(2, 10));
  const rebuilding = rebuilder({ ...parts, projections: [changes(2, 10)] });
  t.teardown(rebuilding.close);
  t.true(rebuilding.pending());
  await eventually(async () => (await known()).length === 2 && !rebuilding.pending());
  t.deepEqual(await shown(), ['a 1 version 1', 'b 1 version 1']);
  await rebuild(changes(2, 10), parts, { accept: 'tens are what was meant' });
  t.deepEqual(await known(), ['changes_v1 kept', 'changes_v2 shown']);
  await route('b');
  await eventually(async () => (await shown()).includes('b 20 version 2'));
  t.is(running.state().stopped.length, 0);
});

test('other code that says the same is shown without a question', async (t) => {
  const { route, feed, parts, shown, known } = await changesWorld(t);
  await route('a');
  const old = feed(changes(1));
  await eventually(() => old.position() === 0n);
  await old.close();
  const same = projection(
    'changes',
    {
      ...about,
      version: 2,
      key: { alias: 'text' },
      columns: { times: sum('bigint'), note: latest('text'), more: latest('text') },
    },
    {
      RouteChanged: ({ data }) => [
        { alias: data.alias, times: 1, note: 'version 1', more: 'and more' },
      ],
    },
  );
  feed(same);
  const rebuilding = rebuilder({ ...parts, projections: [same] });
  t.teardown(rebuilding.close);
  await eventually(() => !rebuilding.pending());
  await route('a');
  await eventually(async () => (await shown()).includes('a 2 version 1'));
  t.deepEqual(await known(), ['changes_v1 kept', 'changes_v2 shown']);
});

test('a rebuild that meets what it cannot take says where, and goes on there later', async (t) => {
  const { route, feed, parts, known } = await changesWorld(t);
  for (const alias of ['a', 'b', 'a']) await route(alias);
  const running = feed(changes(1));
  await eventually(() => running.position() === 2n);
  await t.throwsAsync(rebuild(changes(1, 1, 'b'), parts), {
    instanceOf: RebuildStopped,
    message: /event at 1: b is too much/,
  });
  t.deepEqual(await known(), ['changes_v1 shown', 'changes_v1_b2 filling']);
  const { schema } = await rebuild(changes(1), parts);
  t.is(schema, 'changes_v1_b2');
});

test('the nightly look finds what the tables have and the log does not', async (t) => {
  const { route, feed, parts, known, databaseUrl } = await changesWorld(t);
  await route('a');
  const running = feed(changes(1));
  await eventually(() => running.position() === 0n);
  const looking = canary({ ...parts, projections: [changes(1)] });
  t.deepEqual(await looking.run(), []);
  const client = new pg.Client(databaseUrl);
  await client.connect();
  await client.query(`INSERT INTO changes_v1.changes VALUES ('ghost', 1, 'boo')`);
  await client.end();
  t.deepEqual(await looking.run(), ['changes']);
  t.deepEqual(await known(), ['changes_v1 shown']);
  // So that nobody is told of it any more once another build is shown.
  t.deepEqual([...looking.found()], [['changes', 'changes_v1']]);
  await looking.close();
});

test('a rebuild that waits for readers of the old view ends at once when it is told to', async (t) => {
  const { route, feed, parts, databaseUrl, known } = await changesWorld(t);
  await route('a');
  const running = feed(changes(1));
  await eventually(() => running.position() === 0n);
  const reader = await connect(databaseUrl, { name: 'reader' });
  t.teardown(() => reader.end());
  await reader.query('BEGIN');
  await reader.query('SELECT FROM read.changes');
  const stopping = new AbortController();
  const rebuilding = rebuild(changes(1), { ...parts, signal: stopping.signal });
  await eventually(async () => (await known()).length === 2);
  // Longer than the swap waits for its lock, so that it is tried again by now.
  await sleep(500);
  stopping.abort();
  await t.throwsAsync(rebuilding, { name: 'AbortError' });
});

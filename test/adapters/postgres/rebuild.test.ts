import type { ExecutionContext } from 'ava';
import test from 'ava';
import pg from 'pg';
import { pino } from 'pino';
import { z } from 'zod';
import { buildOrders } from '../../../src/adapters/postgres/build-orders.ts';
import { canary } from '../../../src/adapters/postgres/canary.ts';
import { connect } from '../../../src/adapters/postgres/connect.ts';
import { directFeed } from '../../../src/adapters/postgres/direct-feed.ts';
import { migrate } from '../../../src/adapters/postgres/migrate.ts';
import { openPool } from '../../../src/adapters/postgres/pool.ts';
import { projector } from '../../../src/adapters/postgres/project.ts';
import {
  dropIn,
  RebuildDiffers,
  RebuildRunning,
  RebuildStopped,
  rebuild,
} from '../../../src/adapters/postgres/rebuild.ts';
import { rebuilder } from '../../../src/adapters/postgres/rebuilder.ts';
import {
  dropOthers,
  NothingToRollBackTo,
  rollBack,
} from '../../../src/adapters/postgres/rollback.ts';
import type { DomainEvent } from '../../../src/domain/events.ts';
import { builds, stops } from '../../../src/projections/installation.ts';
import type { Projection } from '../../../src/projections/projection.ts';
import { latest, projection, sum } from '../../../src/projections/projection.ts';
import { query } from '../../../src/projections/query.ts';
import { eventually } from '../../support/eventually.ts';
import { memoryLog } from '../../support/memory-log.ts';
import { testDatabase } from '../../support/postgres.ts';
import { stored } from '../../support/recorded.ts';
import { routeTo } from '../../support/routes.ts';

const log = pino({ level: 'silent' });
const candidate = { upstream: 'sandbox', model: 'demo', weight: 1 };

const about = { meaning: 'One row an alias.', group: 'analytics' } as const;

/** How often each alias' route was changed, times what a version makes of it. */
const changes = (version: number, each = 1, refuses = '') =>
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

async function world(t: ExecutionContext) {
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

test('a rebuild gives the same rows, is shown, and both builds are fed', async (t) => {
  const { route, feed, parts, shown, known, databaseUrl } = await world(t);
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
  const { route, feed, parts, shown } = await world(t);
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

test('the same code that gives other rows is refused, and what was shown stays', async (t) => {
  const { route, feed, parts, shown, known, databaseUrl } = await world(t);
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
  const { route, feed, parts, known } = await world(t);
  await route('a');
  const running = feed(changes(1));
  await eventually(() => running.position() === 0n);
  const { comparison } = await rebuild(changes(1), parts, { isCanary: true });
  t.true(comparison.same);
  t.deepEqual(await known(), ['changes_v1 shown']);
});

test('other code is filled beside the old; its difference waits for somebody to accept it', async (t) => {
  const { route, feed, parts, shown, known } = await world(t);
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
  const { route, feed, parts, shown, known } = await world(t);
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
  const { route, feed, parts, known } = await world(t);
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

test('two at once are one', async (t) => {
  const { route, feed, parts, databaseUrl } = await world(t);
  await route('a');
  const running = feed(changes(1));
  await eventually(() => running.position() === 0n);
  const other = await connect(databaseUrl, { name: 'other' });
  t.teardown(() => other.end());
  await other.query(`SELECT pg_advisory_lock(4711003, hashtext('changes'))`);
  await t.throwsAsync(rebuild(changes(1), parts), { instanceOf: RebuildRunning });
});

test('the nightly look finds what the tables have and the log does not', async (t) => {
  const { route, feed, parts, known, databaseUrl } = await world(t);
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
  await looking.close();
});

test('what a person let a read model leave out, one that is ordered anew leaves out again', async (t) => {
  const { route, feed, parts, shown, known, databaseUrl } = await world(t);
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
  const { route, feed, parts, pool } = await world(t);
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
  const { route, feed, parts, known, databaseUrl } = await world(t);
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

import { join } from 'node:path';
import test from 'ava';
import { spawnEventNode } from '../../../../src/adapters/eventstore/embedded/spawn.ts';
import { startEmbeddedPostgres } from '../../../../src/adapters/postgres/embedded.ts';
import { ensureDatabase } from '../../../../src/adapters/postgres/embedded-database.ts';
import { child } from '../../../support/child.ts';
import { eventually } from '../../../support/eventually.ts';
import { testDatabase } from '../../../support/postgres.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';
import { someTested, tested } from '../tested-events.ts';
import { clientOf, isAlive, nodeOn, silent, sqlOn } from './embedded-node.ts';

// One after the other: an append stream that breaks fails the appends of all clients in the process.
test.serial(
  'a log has one node: a second one is refused, and takes over when the first is gone',
  async (t) => {
    const databaseUrl = await testDatabase(t);
    const first = await nodeOn(t, databaseUrl);
    const refused = spawnEventNode({ databaseUrl, port: 0, log: silent, lockTimeoutMs: 300 });
    await t.throwsAsync(refused, { message: /Another event node holds the lock/ });
    const waiting = nodeOn(t, databaseUrl);
    await first.stop();
    await t.notThrowsAsync(waiting);
  },
);

test.serial('a node that was killed loses nothing it acknowledged and leaves no gap', async (t) => {
  const databaseUrl = await testDatabase(t);
  const first = await nodeOn(t, databaseUrl);
  const acknowledged = new Map<string, bigint>();
  const writing = Array.from({ length: 16 }, async (_, lane) => {
    const client = clientOf(t, first.url);
    for (let turn = 0n; ; turn += 1n) {
      const event = tested(Number(turn));
      const expectedRevision = turn === 0n ? 'no_stream' : turn - 1n;
      await client.appendToStream(`lane-${lane}`, event, { expectedRevision });
      acknowledged.set(event.id, turn);
    }
  });
  // An append stream that broke may leave its callers waiting for ever; nobody waits for them.
  for (const lane of writing) lane.catch(() => undefined);
  await eventually(() => acknowledged.size > 300);
  process.kill(first.pid, 'SIGKILL');
  await first.exited;

  const second = await nodeOn(t, databaseUrl);
  const found = new Map<string, bigint>();
  let next = 0n;
  for await (const { event } of clientOf(t, second.url).readAll()) {
    t.is(event?.position.commit, next);
    next += 1n;
    if (event !== undefined) found.set(event.id, event.revision);
  }
  for (const [id, revision] of acknowledged) t.is(found.get(id), revision);
});

test.serial('after a restart an append is still known by its revision', async (t) => {
  const databaseUrl = await testDatabase(t);
  const events = someTested(2);
  const first = await nodeOn(t, databaseUrl);
  await clientOf(t, first.url).appendToStream('kept', events, { expectedRevision: 'no_stream' });
  await first.stop();
  const second = await nodeOn(t, databaseUrl);
  const again = await clientOf(t, second.url).appendToStream('kept', events, {
    expectedRevision: 'no_stream',
  });
  t.is(again.nextExpectedRevision, 1n);
  t.is(again.position?.commit, 2n);
  await t.throwsAsync(
    clientOf(t, second.url).appendToStream('kept', tested(1), { expectedRevision: 'no_stream' }),
  );
});

test.serial('a node ends when its server is gone', async (t) => {
  const dir = join(await temporaryFolder(t), 'postgres');
  const server = await startEmbeddedPostgres({ dir, log: silent });
  t.teardown(() => server.stop());
  const node = await nodeOn(t, await ensureDatabase(server.url('postgres'), 'log'));
  process.kill(server.pid, 'SIGKILL');
  await node.exited;
  t.false(isAlive(node.pid));
});

test.serial('a node ends when it has lost its lock', async (t) => {
  const databaseUrl = await testDatabase(t);
  const node = await nodeOn(t, databaseUrl);
  const sql = await sqlOn(t, databaseUrl);
  await sql.query(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'event node (writer)'",
  );
  await node.exited;
  t.false(isAlive(node.pid));
});

test.serial('a node ends when its parent is gone', async (t) => {
  const script = 'event-node-child.ts';
  const parent = child(t, script, [await testDatabase(t)]);
  const pid = Number(await parent.line());
  t.true(isAlive(pid));
  await parent.kill('SIGKILL');
  await eventually(() => !isAlive(pid));
  t.false(isAlive(pid));
});

test.serial('what was not written is not acknowledged, and leaves no trace', async (t) => {
  const databaseUrl = await testDatabase(t);
  const client = clientOf(t, (await nodeOn(t, databaseUrl)).url);
  const sql = await sqlOn(t, databaseUrl);
  await client.appendToStream('broken', tested(0), { expectedRevision: 'no_stream' });
  await sql.query(`
    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'disk full'; END $$;
    CREATE TRIGGER refuse BEFORE INSERT ON eventlog.event EXECUTE FUNCTION refuse()`);
  const events = someTested(3);
  const error = await t.throwsAsync(
    client.appendToStream('broken', events, { expectedRevision: 0n }),
  );
  t.is(error !== undefined && 'type' in error ? error.type : undefined, 'unavailable');
  await sql.query('DROP TRIGGER refuse ON eventlog.event');
  const again = await client.appendToStream('broken', events, { expectedRevision: 0n });
  t.is(again.nextExpectedRevision, 3n);
  t.is(again.position?.commit, 4n);
});

test.serial('a stopping node ends subscriptions as unavailable, never cleanly', async (t) => {
  const node = await nodeOn(t, await testDatabase(t));
  const subscription = clientOf(t, node.url).subscribeToAll();
  const failed = new Promise<unknown>((resolve) => void subscription.once('error', resolve));
  subscription.on('end', () => t.fail('The subscription ended as if all were well.'));
  await new Promise<void>((resolve) => void subscription.once('caughtUp', resolve));
  subscription.resume();
  await node.stop();
  t.like(await failed, { type: 'unavailable' });
});

test.serial('a subscriber that fell far behind still gets everything, in order', async (t) => {
  const node = await nodeOn(t, await testDatabase(t));
  const client = clientOf(t, node.url);
  const subscription = client.subscribeToStream('long');
  let fellBehind = 0;
  subscription.on('fellBehind', () => {
    fellBehind += 1;
  });
  await new Promise<void>((resolve) => void subscription.once('caughtUp', resolve));
  const large = { filling: 'x'.repeat(1500) };
  for (let part = 0; part < 24; part += 1) {
    const events = someTested(500).map((event) => ({ ...event, metadata: large }));
    await client.appendToStream('long', events);
  }
  let next = 0n;
  for await (const { event } of subscription) {
    t.is(event?.revision, next);
    next += 1n;
    if (next === 12_000n) break;
  }
  await subscription.unsubscribe();
  t.true(fellBehind > 0);
});

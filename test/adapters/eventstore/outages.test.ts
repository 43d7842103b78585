import { randomUUID } from 'node:crypto';
import type { ExecutionContext } from 'ava';
import test from 'ava';
import { pino } from 'pino';
import type { EventNode } from '../../../src/adapters/eventstore/embedded/spawn.ts';
import { spawnEventNode } from '../../../src/adapters/eventstore/embedded/spawn.ts';
import type { EventStoreDbParts } from '../../../src/adapters/eventstore/eventstoredb.ts';
import { eventStoreDbLog } from '../../../src/adapters/eventstore/eventstoredb.ts';
import { LogUnavailable } from '../../../src/adapters/eventstore/log.ts';
import { singleWriter } from '../../../src/adapters/eventstore/single-writer.ts';
import { freePort } from '../../../src/adapters/files/steady-port.ts';
import { eventIdOf } from '../../../src/domain/ids.ts';
import { testDatabase } from '../../support/postgres.ts';
import { contextOf, purse } from '../../support/purse.ts';
import { event } from './log.contract.ts';

const silent = pino({ level: 'silent' });
const clock = () => new Date();

/** A node that can be killed and started again on the same port and database. */
async function killable(t: ExecutionContext) {
  const [databaseUrl, port] = [await testDatabase(t), await freePort()];
  let node: EventNode = await spawnEventNode({ databaseUrl, port, log: silent });
  t.teardown(() => node.stop());
  return {
    url: node.url,
    signal: (name: NodeJS.Signals) => process.kill(node.pid, name),
    async kill() {
      process.kill(node.pid, 'SIGKILL');
      await node.exited;
    },
    async restart() {
      node = await spawnEventNode({ databaseUrl, port, log: silent });
    },
  };
}

function logOf(t: ExecutionContext, url: string, parts: Partial<EventStoreDbParts> = {}) {
  const { signal } = new AbortController();
  const log = eventStoreDbLog({ url, log: silent, signal, ...parts });
  t.teardown(() => log.close());
  return log;
}

test('a node killed again and again loses nothing acknowledged and doubles nothing', async (t) => {
  const node = await killable(t);
  const log = logOf(t, node.url);
  const { run } = singleWriter(purse, { log, clock, patienceMs: 60_000 });
  const streams = Array.from({ length: 8 }, (_, i) => `wallet-${i}@0`);
  const acknowledged = new Map<string, string[]>(streams.map((stream) => [stream, []]));
  let isOver = false;
  let asked = 0;
  const callers = streams.flatMap((stream) =>
    Array.from({ length: 4 }, async () => {
      while (!isOver) {
        asked += 1;
        const commandId = `c${asked}`;
        const { events } = await run(stream, () => ({ amount: 1 }), contextOf(commandId));
        t.is(events.length, 1);
        acknowledged.get(stream)?.push(eventIdOf(commandId, 0));
      }
    }),
  );
  const count = () => [...acknowledged.values()].reduce((sum, ids) => sum + ids.length, 0);
  for (let round = 1; round <= 3; round += 1) {
    const before = count();
    while (count() < before + 200) await new Promise((resolve) => setImmediate(resolve));
    await node.kill();
    await node.restart();
  }
  isOver = true;
  await Promise.all(callers);
  for (const [stream, ids] of acknowledged) {
    const stored = await Array.fromAsync(log.read(stream), ({ id }) => id);
    t.deepEqual([...stored].sort(), [...ids].sort());
  }
  t.true(log.health().ok);
});

test('an append that is not answered in time is sent again, and written once', async (t) => {
  const node = await killable(t);
  const log = logOf(t, node.url, { appendDeadlineMs: 200 });
  const stream = `wallet-${randomUUID()}@0`;
  await log.append(stream, 'no_stream', [event()]);
  node.signal('SIGSTOP');
  const [mine, other] = [event(), event()];
  const appends = Promise.all([
    log.append(stream, 0n, [mine]),
    log.append(`${stream}-other`, 'no_stream', [other]),
  ]);
  while (log.health().ok) await new Promise((resolve) => setTimeout(resolve, 20));
  node.signal('SIGCONT');
  const [written, too] = await appends;
  t.true(written.ok && written.revision === 1n && too.ok);
  t.is((await Array.fromAsync(log.read(stream))).length, 2);
  t.true(log.health().ok);
});

test('a node that is not there yet is waited for', async (t) => {
  const node = await killable(t);
  await node.kill();
  const log = logOf(t, node.url);
  const stream = `wallet-${randomUUID()}@0`;
  const appending = log.append(stream, 'no_stream', [event()]);
  const reading = Array.fromAsync(log.read(stream));
  while (log.health().ok) await new Promise((resolve) => setTimeout(resolve, 20));
  await node.restart();
  t.true((await appending).ok);
  await reading;
  t.is((await Array.fromAsync(log.read(stream))).length, 1);
});

test('a subscription goes on over restarts with neither gap nor repetition', async (t) => {
  const node = await killable(t);
  const log = logOf(t, node.url);
  const stop = new AbortController();
  const seen: bigint[] = [];
  const done = Promise.withResolvers<void>();
  const reading = (async () => {
    const start = { after: null, prefixes: ['wallet-'], signal: stop.signal };
    for await (const item of log.subscribe(start)) {
      if (item.kind === 'event' && seen.push(item.event.revision) === 60) done.resolve();
    }
  })();
  for (let revision = 0n; revision < 60n; revision += 1n) {
    if (revision % 20n === 19n) {
      await node.kill();
      await node.restart();
    }
    await log.append('wallet-1@0', revision === 0n ? 'no_stream' : revision - 1n, [event()]);
  }
  await done.promise;
  stop.abort();
  await reading;
  t.deepEqual(
    seen,
    Array.from({ length: 60 }, (_, i) => BigInt(i)),
  );
});

test('a log that is closed says so to whoever still waits', async (t) => {
  const node = await killable(t);
  await node.kill();
  const log = logOf(t, node.url);
  const appending = log.append('wallet-1@0', 'no_stream', [event()]);
  const reading = Array.fromAsync(log.read('wallet-1@0'));
  const head = log.head();
  await log.close();
  for (const waiting of [appending, reading, head]) {
    await t.throwsAsync(waiting as Promise<unknown>, { instanceOf: LogUnavailable });
  }
});

import { randomUUID } from 'node:crypto';
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import type { ExecutionContext } from 'ava';
import test from 'ava';
import { pino } from 'pino';
import { z } from 'zod';
import type { EventStoreDbLog } from '../src/adapters/eventstore/eventstoredb.ts';
import { eventStoreDbLog } from '../src/adapters/eventstore/eventstoredb.ts';
import { claimDataDir, DataDirInUse } from '../src/adapters/files/data-dir.ts';
import { isAlive } from '../src/adapters/files/process-identity.ts';
import type { EngineState, EnginesOptions } from '../src/engines.ts';
import { startEngines } from '../src/engines.ts';
import { child } from './support/child.ts';
import { eventually } from './support/eventually.ts';
import { testDatabase } from './support/postgres.ts';
import { query } from './support/query.ts';
import { temporaryFolder } from './support/temporary-folder.ts';

const bothUp: EngineState = { postgres: 'up', eventlog: 'up' };
const Line = z.object({ engine: z.string(), engineProcess: z.number() });
const Urls = z.object({ databaseUrl: z.string(), eventstoreUrl: z.string() });

test('both engines are started, kept through kill -9 of either, and stopped', async (t) => {
  const { engines, states, pids } = await started(t, { dataDir: await temporaryFolder(t) });
  t.deepEqual(engines.state(), bothUp);
  await append(engines.eventstoreUrl, 'Before');

  kill(pids.get('eventlog'));
  await eventually(() => engines.state().eventlog === 'down');
  t.is(typeof engines.state().reason, 'string');
  await eventually(() => engines.state().eventlog === 'up');
  await append(engines.eventstoreUrl, 'Between');

  await query(engines.databaseUrl, 'CREATE TABLE kept AS SELECT 1 AS id');
  const before = pids.get('eventlog');
  kill(pids.get('postgres'));
  await eventually(() => states.some(({ postgres }) => postgres === 'down'));
  await eventually(() => isUp(engines.state()) && pids.get('eventlog') !== before);
  t.deepEqual(await query(engines.databaseUrl, 'SELECT id FROM kept'), [{ id: 1 }]);
  t.deepEqual(await types(engines.eventstoreUrl), ['Before', 'Between']);

  await engines.stop();
  for (const pid of pids.values()) {
    t.false(await isAlive(pid));
  }
});

test('the URLs and everything stored are the same after a restart', async (t) => {
  const dataDir = await temporaryFolder(t);
  const first = await started(t, { dataDir });
  await append(first.engines.eventstoreUrl, 'Kept');
  await first.engines.stop();
  const second = await started(t, { dataDir });
  t.is(second.engines.databaseUrl, first.engines.databaseUrl);
  t.is(second.engines.eventstoreUrl, first.engines.eventstoreUrl);
  t.deepEqual(await types(second.engines.eventstoreUrl), ['Kept']);
});

test('after kill -9 of their owner the engines come up again by themselves, with the same URLs', async (t) => {
  const dataDir = await temporaryFolder(t);
  const owner = child(t, 'engines-child.ts', [dataDir]);
  const urls = Urls.parse(JSON.parse((await owner.line()) ?? ''));
  await append(urls.eventstoreUrl, 'Kept');
  const refused = await t.throwsAsync(started(t, { dataDir }), { instanceOf: DataDirInUse });
  t.is(refused.owner.pid, owner.pid);
  await owner.kill('SIGKILL');
  const { engines } = await started(t, { dataDir });
  t.like(engines, urls);
  t.deepEqual(await types(engines.eventstoreUrl), ['Kept']);
});

test('a directory whose engines run is refused', async (t) => {
  const dataDir = await temporaryFolder(t);
  const claim = await claimDataDir(dataDir);
  const error = await t.throwsAsync(started(t, { dataDir }), { instanceOf: DataDirInUse });
  t.is(error.owner.pid, process.pid);
  await claim.release();
});

test('with DATABASE_URL only the event node is started, and its log is kept there', async (t) => {
  const dataDir = await temporaryFolder(t);
  const databaseUrl = await testDatabase(t);
  const { engines } = await started(t, { dataDir, databaseUrl });
  t.is(engines.databaseUrl, databaseUrl);
  await append(engines.eventstoreUrl, 'Kept');
  await t.throwsAsync(access(join(dataDir, 'postgres')), { code: 'ENOENT' });
  t.deepEqual(
    await query(databaseUrl, `SELECT type FROM eventlog.event WHERE stream = 'engines-1'`),
    [{ type: 'Kept' }],
  );
});

test('with both URLs nothing is started, so that processes may share the directory', async (t) => {
  const urls = { databaseUrl: 'postgres://elsewhere/db', eventstoreUrl: 'esdb://elsewhere' };
  const dataDir = await temporaryFolder(t);
  const claim = await claimDataDir(dataDir);
  const { engines, pids } = await started(t, { dataDir, ...urls });
  t.like(engines, urls);
  t.deepEqual(engines.state(), bothUp);
  t.is(pids.size, 0);
  await claim.release();
});

test('a shutdown during the start leaves no process and no claim behind', async (t) => {
  const dataDir = await temporaryFolder(t);
  const abort = new AbortController();
  const pids = new Map<string, number>();
  const start = startEngines({
    dataDir,
    log: logInto(pids),
    signal: abort.signal,
    onState: () => abort.abort(),
  });
  await t.throwsAsync(start, { name: 'AbortError' });
  t.deepEqual([...pids.keys()], ['postgres']);
  t.false(await isAlive(pids.get('postgres') ?? 0));
  await t.notThrowsAsync(claimDataDir(dataDir));
});

async function started(t: ExecutionContext, options: Omit<EnginesOptions, 'log' | 'onState'>) {
  const states: EngineState[] = [];
  const pids = new Map<string, number>();
  const engines = await startEngines({
    ...options,
    log: logInto(pids),
    onState: (state) => states.push(state),
  });
  t.teardown(engines.stop);
  return { engines, states, pids };
}

/** A log that remembers the newest process of each engine. */
function logInto(pids: Map<string, number>) {
  return pino(
    new Writable({
      write: (chunk, _encoding, done) => {
        const line = Line.safeParse(JSON.parse(String(chunk)));
        if (line.success) {
          pids.set(line.data.engine, line.data.engineProcess);
        }
        done();
      },
    }),
  );
}

function isUp({ postgres, eventlog }: EngineState): boolean {
  return postgres === 'up' && eventlog === 'up';
}

function kill(pid: number | undefined): void {
  if (pid === undefined) {
    throw new Error('There is no such process.');
  }
  process.kill(pid, 'SIGKILL');
}

/** By our own adapter: the client's appends in one process fail together. */
async function withLog<Result>(
  url: string,
  use: (eventLog: EventStoreDbLog) => Promise<Result>,
): Promise<Result> {
  const { signal } = new AbortController();
  const eventLog = eventStoreDbLog({ url, log: pino({ level: 'silent' }), signal });
  try {
    return await use(eventLog);
  } finally {
    await eventLog.close();
  }
}

const append = (url: string, type: string): Promise<void> =>
  withLog(url, async (eventLog) => {
    const expected = (await eventLog.last('engines-1'))?.revision ?? 'no_stream';
    const event = { id: randomUUID(), type, data: {}, metadata: {} };
    await eventLog.append('engines-1', expected, [event]);
  });

const types = (url: string): Promise<string[]> =>
  withLog(url, async (eventLog) => {
    const events = await Array.fromAsync(eventLog.read('engines-1'));
    return events.map(({ type }) => type);
  });

import { randomUUID } from 'node:crypto';
import type { ExecutionContext } from 'ava';
import test from 'ava';
import { pino } from 'pino';
import { runners } from '../../../src/adapters/eventstore/runners.ts';
import { upstreamIndex } from '../../../src/adapters/eventstore/upstream-index.ts';
import type { UpstreamRows } from '../../../src/adapters/postgres/index-rows.ts';
import { streamOf } from '../../../src/domain/streams.ts';
import type { UpstreamTerms } from '../../../src/domain/upstream/events.ts';
import { eventually } from '../../support/eventually.ts';
import type { MemoryLog } from '../../support/memory-log.ts';
import { memoryLog } from '../../support/memory-log.ts';
import { contextOf } from '../../support/purse.ts';

const clock = () => new Date('2025-01-01T00:00:00.000Z');
const terms = (capacity: number): UpstreamTerms => ({
  ...{ kind: 'openai_like', baseUrl: 'http://127.0.0.1:9/v1', capacity, enabled: true, keys: [] },
});

async function indexOn(t: ExecutionContext, log: MemoryLog, upstreams: UpstreamRows['upstreams']) {
  const told: (readonly [string, number | null | 'removed'])[] = [];
  const index = upstreamIndex({
    log,
    logger: pino({ level: 'silent' }),
    rows: () => Promise.resolve({ upstreams, after: upstreams.length > 0 ? 0n : null }),
    changed: (id, of) => void told.push([id, of ? of.capacity : 'removed']),
  });
  t.teardown(() => index.close());
  await index.filled;
  return { index, told };
}

const changeOn = (log: MemoryLog) => {
  const { upstream } = runners({ log, clock });
  return (id: string, capacity: number) =>
    upstream.run(
      streamOf.upstream(id),
      () => ({ type: 'ChangeUpstream', id, ...terms(capacity) }),
      contextOf(randomUUID()),
    );
};

test('what other processes set up arrives without a restart', async (t) => {
  const log = memoryLog();
  const { told } = await indexOn(t, log, []);
  const change = changeOn(log);
  await change('one', 1);
  await change('other', 2);
  await change('one', 3);
  await eventually(() => told.length === 3);
  t.deepEqual(told, [
    ['one', 1],
    ['other', 2],
    ['one', 3],
  ]);
});

test('rows come first, and what the log says after them outdoes them', async (t) => {
  const log = memoryLog();
  const change = changeOn(log);
  await change('one', 1);
  await change('one', 2);
  const { told } = await indexOn(t, log, [{ id: 'one', terms: terms(1) }]);
  await eventually(() => told.length === 2);
  t.deepEqual(told, [
    ['one', 1],
    ['one', 2],
  ]);
});

test('a removal is told, and what was said before it never after it', async (t) => {
  const elsewhere = memoryLog();
  const change = changeOn(elsewhere);
  const { upstream } = runners({ log: elsewhere, clock });
  const before = (await change('one', 1)).events;
  const { events: removal } = await upstream.run(
    streamOf.upstream('one'),
    () => ({ type: 'RemoveUpstream', id: 'one' }),
    contextOf(randomUUID()),
  );
  const { index, told } = await indexOn(t, memoryLog(), []);
  index.apply(before);
  index.apply([...removal, ...before]);
  index.apply((await change('one', 2)).events);
  t.deepEqual(told, [
    ['one', 1],
    ['one', 'removed'],
    ['one', 2],
  ]);
});

test('older terms never come after newer ones, however often they are heard of', async (t) => {
  const elsewhere = memoryLog();
  const change = changeOn(elsewhere);
  const events = [(await change('one', 1)).events, (await change('one', 2)).events].flat();
  const { index, told } = await indexOn(t, memoryLog(), []);
  index.apply(events.toReversed());
  index.apply(events);
  t.deepEqual(told, [['one', 2]]);
});

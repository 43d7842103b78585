import type { ExecutionContext } from 'ava';
import test from 'ava';
import { watchdog } from '../../../src/adapters/eventstore/watchdog.ts';
import type { DomainEvent } from '../../../src/domain/events.ts';
import { streamOf } from '../../../src/domain/streams.ts';
import { eventually } from '../../support/eventually.ts';
import { memoryLog } from '../../support/memory-log.ts';
import { recordedAs } from '../../support/recorded.ts';

const rebuild: DomainEvent = { type: 'RebuildRequested', data: { projection: 'calls' } };

/** A reader of the streams of one read model, who stands where the test says. */
function scene(t: ExecutionContext) {
  const log = memoryLog();
  const closing = new AbortController();
  t.teardown(() => closing.abort());
  const reader = { position: null as bigint | null };
  const looks: (bigint | null)[] = [];
  let stalls = 0;
  const { lagSeconds } = watchdog({
    head: log.head,
    subscribe(after, signal) {
      looks.push(after);
      return log.subscribe({ after, prefixes: [streamOf.readModel('mine')], signal });
    },
    position: () => reader.position,
    stalled: () => (stalls += 1),
    signal: closing.signal,
    silentMs: 30,
  });
  const write = (projection: string) => {
    const stream = streamOf.readModel(projection);
    return log.append(stream, 'no_stream', [recordedAs(rebuild, { stream })]);
  };
  return { reader, looks, stalls: () => stalls, lagSeconds, write };
}

test('who stands still before an event of theirs is stalled, again and again', async (t) => {
  const { reader, stalls, lagSeconds, write } = scene(t);
  await write('mine');
  await eventually(() => stalls() > 2);
  t.true(lagSeconds() > 0);
  reader.position = 0n;
  await eventually(() => lagSeconds() === 0);
});

test('events of others make nobody late, and are looked at once', async (t) => {
  const { looks, stalls, lagSeconds, write } = scene(t);
  await write('one');
  await eventually(() => looks.length === 1);
  await write('another');
  await eventually(() => looks.length === 2);
  await write('third');
  await eventually(() => looks.length === 3);
  t.deepEqual(looks, [null, 0n, 1n]);
  t.is(stalls(), 0);
  t.is(lagSeconds(), 0);
});

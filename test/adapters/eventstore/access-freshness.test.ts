import { randomUUID } from 'node:crypto';
import test from 'ava';
import { EventFromNewerVersion } from '../../../src/domain/events.ts';
import { streamOf } from '../../../src/domain/streams.ts';
import { eventually } from '../../support/eventually.ts';
import type { MemoryLog } from '../../support/memory-log.ts';
import { memoryLog } from '../../support/memory-log.ts';
import { indexOn, mute, noRows, person } from './access-people.ts';

test('what the subscription leaves out is read, as long as the log can be read', async (t) => {
  const log = memoryLog();
  let subscriptions = 0;
  const dead = mute(log);
  const flaky: MemoryLog = {
    ...log,
    subscribe(start) {
      subscriptions += 1;
      return (subscriptions === 1 ? dead : log).subscribe(start);
    },
  };
  const index = await indexOn(t, flaky, { staleMs: 100 });
  const { hash, claim, revoke } = person(log);
  index.apply((await claim()).events);
  await revoke();
  await eventually(async () => (await index.keyOf(hash)) === 'revoked');
  t.true(index.fresh().ok);
});

test('while the log grows and nothing can be heard of it, the index says so', async (t) => {
  const log = memoryLog();
  let subscriptions = 0;
  const dead: MemoryLog = {
    ...log,
    async *subscribe({ signal }) {
      subscriptions += 1;
      if (subscriptions === 1) yield { kind: 'caught_up' };
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    },
  };
  const index = await indexOn(t, dead, { staleMs: 100 });
  t.true(index.fresh().ok);
  await person(log).register();
  await eventually(() => !index.fresh().ok);
  t.like(index.fresh(), {
    ok: false,
    reason: 'the access index has not been seen current for 100 ms.',
  });
});

test('a quiet log is a fresh one', async (t) => {
  const log = memoryLog();
  let looks = 0;
  const counted: MemoryLog = {
    ...log,
    head() {
      looks += 1;
      return log.head();
    },
  };
  const index = await indexOn(t, counted, { staleMs: 1_000 });
  // Longer than it may go without knowing.
  await eventually(() => looks > 7);
  t.true(index.fresh().ok);
});

test('an event of a newer release makes the index unsure', async (t) => {
  const log = memoryLog();
  const index = await indexOn(t, log);
  const metadata = { v: 2 };
  const stream = streamOf.member(randomUUID());
  await log.append(stream, 'no_stream', [
    { id: randomUUID(), type: 'RoleGranted', data: {}, metadata },
  ]);
  await eventually(() => !index.fresh().ok);
  await t.throwsAsync(index.member(stream.slice('member-'.length)), {
    instanceOf: EventFromNewerVersion,
  });
});

test('an index that could not be filled tries again', async (t) => {
  const log = memoryLog();
  let tries = 0;
  const rows = () => {
    tries += 1;
    return tries === 1 ? Promise.reject(new Error('no database yet')) : Promise.resolve(noRows);
  };
  const index = await indexOn(t, log, { rows });
  t.is(tries, 2);
  t.true(index.fresh().ok);
});

import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { Busy, OutcomeUnknown } from '../../../src/adapters/eventstore/execute.ts';
import { LogUnavailable } from '../../../src/adapters/eventstore/log.ts';
import type { SingleWriterParts } from '../../../src/adapters/eventstore/single-writer.ts';
import { singleWriter } from '../../../src/adapters/eventstore/single-writer.ts';
import { EventFromNewerVersion } from '../../../src/domain/events.ts';
import { eventIdOf } from '../../../src/domain/ids.ts';
import { Rejection } from '../../../src/domain/rejection.ts';
import { eventually } from '../../support/eventually.ts';
import type { MemoryLog } from '../../support/memory-log.ts';
import { memoryLog } from '../../support/memory-log.ts';
import { contextOf, purse } from '../../support/purse.ts';

const stream = 'wallet-1@0';
const clock = () => new Date('2025-01-01T00:00:00.000Z');

function writerOn(log: MemoryLog, parts: Partial<SingleWriterParts> = {}) {
  const { run, load } = singleWriter(purse, { log, clock, ...parts });
  return {
    load: () => load(stream),
    move: (commandId: string, amount: number, more: Partial<ReturnType<typeof contextOf>> = {}) =>
      run(stream, (at) => ({ amount, at }), { ...contextOf(commandId), ...more }),
  };
}

const gate = () => Promise.withResolvers<void>();
const ids = (log: MemoryLog) => log.events.map(({ id }) => id);

test('a command is answered with its events as they stand in the log', async (t) => {
  const log = memoryLog();
  const { move, load } = writerOn(log);
  const { events, state, revision, position } = await move('a', 5);
  t.is(state, 5);
  t.is(revision, 0n);
  t.is(position, 0n);
  t.deepEqual(
    events.map(({ id, stream: of, revision: at, meta }) => ({ id, of, at, by: meta.commandId })),
    [{ id: eventIdOf('a', 0), of: stream, at: 0n, by: 'a' }],
  );
  const { state: loaded, revision: last } = await load();
  t.deepEqual({ loaded, last }, { loaded: 5, last: 0n });
});

test('commands that come while an append is under way share the next one', async (t) => {
  const log = memoryLog();
  const { move } = writerOn(log);
  const outcomes = await Promise.all(Array.from({ length: 50 }, (_, i) => move(`c${i}`, 1)));
  t.is(log.events.length, 50);
  t.true(log.asked.length <= 3);
  t.deepEqual(
    outcomes.map(({ state }) => state),
    Array.from({ length: 50 }, (_, i) => i + 1),
  );
});

test('an append has at most 500 events', async (t) => {
  const log = memoryLog();
  const { move } = writerOn(log);
  await Promise.all(Array.from({ length: 1_200 }, (_, i) => move(`c${i}`, 1)));
  t.is(log.events.length, 1_200);
  t.true(log.asked.every(({ events }) => events.length <= 500));
});

test('a refusal answers its own command and writes nothing', async (t) => {
  const log = memoryLog();
  const { move } = writerOn(log);
  await move('start', 3);
  const [, refused, fine] = await Promise.allSettled([
    move('a', -2),
    move('too much', -2),
    move('b', -1),
  ]);
  t.is(refused?.status, 'rejected');
  t.true(refused?.status === 'rejected' && refused.reason instanceof Rejection);
  t.is(fine?.status, 'fulfilled');
  t.deepEqual(
    ids(log),
    ['start', 'a', 'b'].map((id) => eventIdOf(id, 0)),
  );
});

test('a bug in one decision hurts no other command', async (t) => {
  const log = memoryLog();
  const { run } = singleWriter(purse, { log, clock });
  const broken = run(stream, () => ({ amount: Number(undefinedBecauseOf()) }), contextOf('x'));
  const fine = run(stream, () => ({ amount: 1 }), contextOf('y'));
  await t.throwsAsync(broken, { instanceOf: TypeError });
  t.is((await fine).state, 1);
});

test('what could not be read again is never written', async (t) => {
  const log = memoryLog();
  const { move } = writerOn(log);
  await t.throwsAsync(move('a', 1e-7), { name: 'ZodError' });
  t.is(log.events.length, 0);
  t.is((await move('b', 1)).state, 1);
});

test('a command that decides nothing waits for the append before it', async (t) => {
  const log = memoryLog();
  const { move } = writerOn(log);
  await move('start', 1);
  const held = gate();
  log.next.before = () => held.promise;
  const first = move('first', 1);
  let answered = false;
  const look = move('look', 0).finally(() => {
    answered = true;
  });
  await sleep(20);
  t.false(answered);
  held.resolve();
  await first;
  const { state, events, position } = await look;
  t.deepEqual({ state, events, position }, { state: 2, events: [], position: null });
});

test('time in a stream never runs backwards', async (t) => {
  const log = memoryLog();
  const { move } = writerOn(log);
  await move('a', 1, { at: '2025-06-01T00:00:00.000Z' });
  const { events } = await move('b', 1, { at: '2025-05-01T00:00:00.000Z' });
  t.is(events[0]?.meta.recordedAt, '2025-06-01T00:00:00.000Z');
  const again = await writerOn(log).move('c', 1);
  t.is(again.events[0]?.meta.recordedAt, '2025-06-01T00:00:00.000Z');
});

test('a lost race is decided again on what the winner wrote', async (t) => {
  const log = memoryLog();
  const [ours, theirs] = [writerOn(log), writerOn(log)];
  await ours.move('start', 5);
  log.next.before = () => theirs.move('theirs', -4);
  await t.throwsAsync(ours.move('ours', -4), { instanceOf: Rejection });
  t.is((await ours.move('rest', -1)).state, 0);
});

test('nobody is refused because of what this process has not seen yet', async (t) => {
  const log = memoryLog();
  const [ours, theirs] = [writerOn(log), writerOn(log)];
  await ours.move('start', 1);
  await theirs.move('grant', 10);
  t.is((await ours.move('spend', -8)).state, 3);
  await theirs.move('more', 1);
  t.is((await ours.move('look', 0)).state, 4);
});

test('a load sees what other processes wrote', async (t) => {
  const log = memoryLog();
  const [ours, theirs] = [writerOn(log), writerOn(log)];
  await ours.move('start', 1);
  await theirs.move('grant', 10);
  t.is((await ours.load()).state, 11);
});

test('events of a lost race that turn out to be ours are the outcome', async (t) => {
  const log = memoryLog();
  const [ours, theirs] = [writerOn(log), writerOn(log)];
  await ours.move('start', 5);
  log.next.before = async () => {
    await theirs.move('same', -1);
    await theirs.move('other', -1);
  };
  const [{ events, state }, next] = await Promise.all([ours.move('same', -1), ours.move('n', -1)]);
  t.is(events[0]?.id, eventIdOf('same', 0));
  t.is(events[0]?.revision, 1n);
  t.is(state, 3);
  t.is(next.state, 2);
  t.is(log.events.length, 4);
});

test('a claimed command that an earlier run has written is not decided again', async (t) => {
  const log = memoryLog();
  const first = await writerOn(log).move('grant', 7, { claimedAfter: { stream, revision: null } });
  await writerOn(log).move('between', 1);
  const { move } = writerOn(log);
  const second = await move('grant', 7, { claimedAfter: { stream, revision: null } });
  t.deepEqual(second.events, first.events);
  t.is(second.position, first.position);
  t.is(second.state, 8);
  t.is((await move('grant', 7, { claimedAfter: { stream, revision: null } })).state, 8);
  t.is(log.events.length, 2);
});

test('a claimed command asked for twice at once is written once', async (t) => {
  const log = memoryLog();
  const [ours, theirs] = [writerOn(log), writerOn(log)];
  await ours.move('start', 1);
  const runs = [ours, ours, theirs].map(({ move }) =>
    move('grant', 7, { claimedAfter: { stream, revision: 0n } }),
  );
  const outcomes = await Promise.all(runs);
  t.is(log.events.length, 2);
  t.deepEqual(
    outcomes.map(({ events }) => events[0]?.id),
    Array.from({ length: 3 }, () => eventIdOf('grant', 0)),
  );
});

test('the outcome of a claimed command is what the log has, also when another process said it otherwise', async (t) => {
  const log = memoryLog();
  const [ours, theirs] = [writerOn(log), writerOn(log)];
  const early = { at: '2025-03-01T00:00:00.000Z', claimedAfter: { stream, revision: null } };
  log.next.before = () => theirs.move('grant', 7, early);
  const { events } = await ours.move('grant', 7, { claimedAfter: { stream, revision: null } });
  t.is(events[0]?.meta.recordedAt, early.at);
  t.is(log.events.length, 1);
});

test('a waiter gives up and the append goes on', async (t) => {
  const log = memoryLog();
  const { move, load } = writerOn(log, { patienceMs: 20 });
  const held = gate();
  log.next.before = () => held.promise;
  await t.throwsAsync(move('a', 1), { instanceOf: OutcomeUnknown });
  held.resolve();
  await eventually(() => log.events.length === 1);
  t.is((await load()).state, 1);
});

test('a command whose waiter gave up before it was decided never happens', async (t) => {
  const log = memoryLog();
  const { move } = writerOn(log, { patienceMs: 1_000 });
  const [held, asked] = [gate(), gate()];
  log.next.before = () => {
    asked.resolve();
    return held.promise;
  };
  const first = move('a', 1);
  await asked.promise;
  const second = move('b', 1);
  await Promise.allSettled([first, second]);
  // What is asked afterwards is decided after both, whatever became of them.
  const third = move('look', 0);
  held.resolve();
  t.is((await third).state, 1);
  t.deepEqual(ids(log), [eventIdOf('a', 0)]);
});

test('when the program stops, a command that may be written has an unknown outcome', async (t) => {
  for (const when of ['before', 'after'] as const) {
    const log = memoryLog();
    const { move } = writerOn(log);
    log.next[when] = () => {
      throw new LogUnavailable('stopping');
    };
    await t.throwsAsync(move('a', 1), { instanceOf: OutcomeUnknown });
    // Asked again, it comes to the same, whether or not it was written.
    t.is((await move('a', 1, { claimedAfter: { stream, revision: null } })).state, 1);
    t.is(log.events.length, 1);
  }
});

test('too many waiting commands are turned away', async (t) => {
  const log = memoryLog();
  const { move } = writerOn(log, { mostWaiting: 3 });
  const [held, asked] = [gate(), gate()];
  log.next.before = () => {
    asked.resolve();
    return held.promise;
  };
  const first = move('first', 1);
  await asked.promise;
  const more = Array.from({ length: 5 }, (_, i) => move(`c${i}`, 1));
  held.resolve();
  const moves = await Promise.allSettled([first, ...more]);
  const busy = moves.filter((each) => each.status === 'rejected' && each.reason instanceof Busy);
  t.is(busy.length, 2);
  t.is(log.events.length, 4);
});

test('an event from a newer version stops its stream and no other', async (t) => {
  const log = memoryLog();
  const { run } = singleWriter(purse, { log, clock });
  const newer = { id: eventIdOf('n', 0), type: 'CreditExpired', data: {}, metadata: { v: 2 } };
  await log.append(stream, 'no_stream', [newer]);
  const stopped = run(stream, () => ({ amount: 1 }), contextOf('a'));
  await t.throwsAsync(stopped, { instanceOf: EventFromNewerVersion });
  const other = await run('wallet-2@0', () => ({ amount: 1 }), contextOf('b'));
  t.is(other.state, 1);
});

test('forgetting an idle stream costs a read and changes nothing', async (t) => {
  const log = memoryLog();
  const { run } = singleWriter(purse, { log, clock, mostResident: 2 });
  for (const round of [1, 2, 3]) {
    for (const name of ['a', 'b', 'c', 'd']) {
      const context = contextOf(`${name}${round}`);
      const { state } = await run(`wallet-${name}@0`, () => ({ amount: 1 }), context);
      t.is(state, round);
    }
  }
});

function undefinedBecauseOf(): number {
  throw new TypeError('a bug');
}

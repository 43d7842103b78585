import test from 'ava';
import type { ExecuteContext } from '../../../src/adapters/eventstore/execute.ts';
import { LogUnavailable } from '../../../src/adapters/eventstore/log.ts';
import { singleWriter } from '../../../src/adapters/eventstore/single-writer.ts';
import { eventIdOf } from '../../../src/domain/ids.ts';
import { bookedPurse } from '../../support/booked-purse.ts';
import type { MemoryLog } from '../../support/memory-log.ts';
import { memoryLog } from '../../support/memory-log.ts';
import { contextOf } from '../../support/purse.ts';

const first = 'wallet-1@0';

/** A process that closes a stream of four events. */
function processOn(log: MemoryLog, { month = '01', mostEvents = 4 } = {}) {
  const clock = () => new Date(`2025-${month}-10T00:00:00.000Z`);
  const { run, load } = singleWriter(bookedPurse, { log, clock, mostEvents });
  const move = (id: string, amount: number, more: Partial<ExecuteContext> = {}) =>
    run(first, (at) => ({ amount, at }), { ...contextOf(id), ...more });
  return {
    load: () => load(first),
    move,
    async fill() {
      for (let each = 0; each < mostEvents; each += 1) await move(`fill${each}`, 1);
    },
  };
}

const types = (log: MemoryLog, stream: string) =>
  log.events.filter((event) => event.stream === stream).map(({ type }) => type);
const stop = () => {
  throw new LogUnavailable('stopping');
};
/** Lets so many appends through and stops the program around the next one. */
const stopAt = (log: MemoryLog, appends: number, when: 'before' | 'after') => {
  log.next[when] = appends === 0 ? stop : () => stopAt(log, appends - 1, when);
};

const moved = 'CreditExpired';
const full = [moved, moved, moved, moved, 'CommandClaimed'];

test('the command after the last one of a full stream closes it and goes on in the next', async (t) => {
  const log = memoryLog();
  const { move, fill, load } = processOn(log);
  await fill();
  const { stream, revision, state, events } = await move('next', 1);
  t.deepEqual(
    { stream, revision, left: state.left },
    { stream: 'wallet-1@1', revision: 1n, left: 5 },
  );
  t.like(events[0], { stream: 'wallet-1@1', revision: 1n });
  t.deepEqual(types(log, first), full);
  t.deepEqual(types(log, 'wallet-1@1'), ['CommandDone', moved]);
  t.like(await load(), { stream: 'wallet-1@1', revision: 1n, state: { left: 5 } });
  t.like(await processOn(log).load(), { stream: 'wallet-1@1', revision: 1n, state: { left: 5 } });
});

test('commands that come together are spread over as many streams as they need', async (t) => {
  const log = memoryLog();
  const { move } = processOn(log);
  const all = Array.from({ length: 23 }, (_, i) => move(`c${i}`, 1));
  t.deepEqual(
    (await Promise.all(all)).map(({ state }) => state.left),
    all.map((_, i) => i + 1),
  );
  for (const stream of new Set(log.events.map((event) => event.stream))) {
    t.true(types(log, stream).length <= 5);
  }
  t.is((await processOn(log).load()).state.left, 23);
});

test('the first command of a later month closes the stream', async (t) => {
  const log = memoryLog();
  await processOn(log).move('a', 1);
  const { stream } = await processOn(log, { month: '02' }).move('b', 1);
  t.is(stream, 'wallet-1@1');
  t.deepEqual(types(log, first), [moved, 'CommandClaimed']);
});

test('the start of a stream is the same whoever writes it', async (t) => {
  const log = memoryLog();
  const ours = processOn(log);
  await ours.fill();
  await ours.move('next', 1);
  const [opened, closed] = ['CommandDone', 'CommandClaimed'].map((type) =>
    log.events.find((event) => event.type === type),
  );
  t.is(opened?.id, eventIdOf('wallet-1@1', 0));
  t.deepEqual(opened?.metadata, closed?.metadata);
});

for (const [appends, when, what] of [
  [0, 'before', 'nothing of it is written'],
  [0, 'after', 'it is closed and not opened'],
  [1, 'before', 'it is closed and not opened'],
  [1, 'after', 'it is closed and opened'],
] as const) {
  test(`a roll that stops ${when} append ${appends} is completed by anybody: ${what}`, async (t) => {
    for (const who of ['the same', 'another', 'a reader']) {
      const log = memoryLog();
      const ours = processOn(log);
      await ours.fill();
      stopAt(log, appends, when);
      await t.throwsAsync(ours.move('next', 1), { instanceOf: LogUnavailable });
      const theirs = who === 'the same' ? ours : processOn(log);
      if (who === 'a reader') t.is((await theirs.load()).state.left, 4);
      t.is((await theirs.move('then', 1)).state.left, 5);
      t.is((await ours.move('too', 1)).state.left, 6);
      t.deepEqual(types(log, first), full);
      t.deepEqual(types(log, 'wallet-1@1'), ['CommandDone', moved, moved]);
    }
  });
}

test('another process opens what this one has closed', async (t) => {
  const log = memoryLog();
  const [ours, theirs] = [processOn(log), processOn(log)];
  await ours.fill();
  log.next.after = () => theirs.move('theirs', -4);
  await t.throwsAsync(ours.move('ours', -4), { name: 'Rejection' });
  t.deepEqual(types(log, first), full);
  t.deepEqual(types(log, 'wallet-1@1'), ['CommandDone', moved]);
});

test('a race for the opening has two winners', async (t) => {
  const log = memoryLog();
  const [ours, theirs] = [processOn(log), processOn(log)];
  await ours.fill();
  stopAt(log, 1, 'before');
  log.next.before = () => {
    log.next.before = () => theirs.move('theirs', 1);
  };
  t.is((await ours.move('ours', 1)).state.left, 6);
  t.deepEqual(types(log, 'wallet-1@1'), ['CommandDone', moved, moved]);
});

test('whoever loses the race for the fence decides on what came before it', async (t) => {
  const log = memoryLog();
  const [ours, theirs] = [processOn(log), processOn(log, { mostEvents: 6 })];
  await ours.fill();
  log.next.before = () => theirs.move('theirs', -4);
  await t.throwsAsync(ours.move('ours', -4), { name: 'Rejection' });
  t.deepEqual(types(log, first), [...full.slice(0, 4), moved, 'CommandClaimed']);
  t.deepEqual(types(log, 'wallet-1@1'), ['CommandDone']);
});

test('a process that has missed several streams writes to the last', async (t) => {
  const log = memoryLog();
  const [ours, theirs] = [processOn(log), processOn(log)];
  await ours.move('first', 1);
  for (let each = 0; each < 13; each += 1) await theirs.move(`theirs${each}`, 1);
  const { stream, state } = await ours.move('last', -14);
  t.is(state.left, 0);
  t.true(log.events.at(-1)?.stream === stream);
  t.is((await ours.load()).state.left, 0);
});

test('a claimed command is found in an earlier stream than the one written to now', async (t) => {
  const log = memoryLog();
  const ours = processOn(log);
  await ours.move('before', 1);
  const { stream, revision } = await ours.load();
  const claimedAfter = { stream, revision };
  const written = await ours.move('grant', 7, { claimedAfter });
  for (let each = 0; each < 9; each += 1) await ours.move(`more${each}`, 1);
  for (const who of [ours, processOn(log)]) {
    const again = await who.move('grant', 7, { claimedAfter });
    t.deepEqual(again.events, written.events);
    t.is(again.state.left, 17);
    t.not(again.stream, first);
  }
});

test('a claimed command that rolls the streams of two processes over is written once', async (t) => {
  const log = memoryLog();
  const [ours, theirs] = [processOn(log), processOn(log)];
  await ours.fill();
  const claimedAfter = { stream: first, revision: 3n };
  const runs = [ours, theirs, ours].map(({ move }) => move('grant', 7, { claimedAfter }));
  const outcomes = await Promise.all(runs);
  t.deepEqual(
    outcomes.map(({ events }) => events[0]?.id),
    outcomes.map(() => eventIdOf('grant', 0)),
  );
  t.is(log.events.filter(({ id }) => id === eventIdOf('grant', 0)).length, 1);
});

test('a claim that is ahead of what a process has folded is no trouble', async (t) => {
  const log = memoryLog();
  const [ours, theirs] = [processOn(log), processOn(log)];
  await ours.move('a', 1);
  await theirs.move('b', 1);
  await theirs.fill();
  const { stream, revision } = await theirs.load();
  await theirs.move('grant', 7, { claimedAfter: { stream, revision } });
  const again = await ours.move('grant', 7, { claimedAfter: { stream, revision } });
  t.is(again.state.left, 13);
  t.is(log.events.filter(({ id }) => id === eventIdOf('grant', 0)).length, 1);
});

import test from 'ava';
import type { SingleWriterParts } from '../../../src/adapters/eventstore/single-writer.ts';
import { singleWriter } from '../../../src/adapters/eventstore/single-writer.ts';
import { bookedPurse } from '../../support/booked-purse.ts';
import { eventually } from '../../support/eventually.ts';
import { memoryLog } from '../../support/memory-log.ts';
import { memorySnapshots } from '../../support/memory-snapshots.ts';
import { contextOf } from '../../support/purse.ts';

const first = 'wallet-1@0';
const clock = () => new Date('2025-01-01T00:00:00.000Z');

function setUp(more: Partial<SingleWriterParts> = {}) {
  const snapshots = memorySnapshots();
  const log = memoryLog();
  const read: (bigint | undefined)[] = [];
  const counted = {
    ...log,
    read(stream: string, after?: bigint) {
      read.push(after);
      return log.read(stream, after);
    },
  };
  const open = () => {
    const { run, load } = singleWriter(bookedPurse, { log: counted, clock, snapshots, ...more });
    const moveBy = (amount: number) => (id: number) =>
      run(first, () => ({ amount }), contextOf(`c${id}/${log.events.length}`));
    return {
      load,
      move: (times: number) => Promise.all(Array.from({ length: times }, (_, i) => moveBy(1)(i))),
    };
  };
  return { snapshots, log, read, open };
}

/** Turning to something else, until the writer has nothing more to do for the first. */
const forgotten = (
  load: (stream: string) => unknown,
  { kept }: ReturnType<typeof memorySnapshots>,
) =>
  eventually(async () => {
    await load('wallet-2@0');
    return kept.has(first);
  });

test('a fold is kept every 500 events, and a cold start reads only what came after', async (t) => {
  const { snapshots, read, open } = setUp();
  const { move } = open();
  await move(400);
  t.is(snapshots.kept.size, 0);
  await move(300);
  await eventually(() => snapshots.kept.has(first));
  t.like(snapshots.kept.get(first), { stream: first, revision: 699n, state: 700 });
  await move(40);
  read.length = 0;
  t.is((await open().load(first)).state.left, 740);
  // The snapshot's last event comes first, for the log must have it.
  t.deepEqual(read, [698n]);
});

test('a fold that was long to read is kept at once', async (t) => {
  const { snapshots, read, open } = setUp();
  await open().move(400);
  await open().load(first);
  await eventually(() => snapshots.kept.has(first));
  t.like(snapshots.kept.get(first), { stream: first, revision: 399n, state: 400 });
  read.length = 0;
  await open().move(1);
  t.deepEqual(read, [398n]);
});

test('the fold of a stream that continues another is kept with its first append', async (t) => {
  const { snapshots, read, open } = setUp({ mostEvents: 100 });
  await open().move(130);
  await eventually(() => snapshots.kept.get(first)?.stream === 'wallet-1@1');
  read.length = 0;
  await open().load(first);
  t.is(read.length, 1);
});

test('a fold that is forgotten is kept, unless it is quickly folded again', async (t) => {
  const { snapshots, open } = setUp({ mostResident: 1 });
  const { move, load } = open();
  await move(10);
  await load('wallet-2@0');
  t.is(snapshots.kept.size, 0);
  await move(60);
  await forgotten(load, snapshots);
  t.like(snapshots.kept.get(first), { revision: 69n, state: 70 });
});

test('a snapshot of a stream that is closed leads to the one that is open', async (t) => {
  const { snapshots, open } = setUp({ mostResident: 1, mostEvents: 100 });
  const one = open();
  await one.move(90);
  await forgotten(one.load, snapshots);
  const kept = snapshots.kept.get(first);
  t.like(kept, { stream: first, revision: 89n });
  await open().move(200);
  t.like(await open().load(first), { stream: 'wallet-1@2', state: { left: 290 } });
});

test('a snapshot of events that the log does not have is not believed', async (t) => {
  const { snapshots, log, open } = setUp();
  await open().move(600);
  await eventually(() => snapshots.kept.has(first));
  const kept = snapshots.kept.get(first);
  if (!kept) return t.fail();
  for (const wrong of [
    { revision: 5_000n },
    { eventId: log.events[3]?.id ?? '' },
    { stream: 'wallet-1@7' },
    { format: 99 },
    { state: { left: 'much' } },
  ]) {
    snapshots.kept.set(first, { ...kept, ...wrong });
    t.like(await open().load(first), { stream: first, revision: 599n, state: { left: 600 } });
  }
});

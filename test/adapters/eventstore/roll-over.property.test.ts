import test from 'ava';
import fc from 'fast-check';
import { singleWriter } from '../../../src/adapters/eventstore/single-writer.ts';
import { bookedPurse } from '../../support/booked-purse.ts';
import { isAsTold } from '../../support/claimed-outcomes.ts';
import { memoryLog } from '../../support/memory-log.ts';
import type { MemorySnapshots } from '../../support/memory-snapshots.ts';
import { memorySnapshots } from '../../support/memory-snapshots.ts';
import { contextOf } from '../../support/purse.ts';

const first = 'wallet-1@0';
const other = 'wallet-2@0';
const clock = () => new Date('2025-01-01T00:00:00.000Z');

const Move = fc.record({
  writer: fc.integer({ min: 0, max: 1 }),
  /** Some commands are asked for more than once, as retries are. */
  id: fc.integer({ min: 0, max: 40 }),
  amount: fc.integer({ min: -6, max: 5 }),
  /** Turning to something else makes a writer that keeps one fold forget this one. */
  forgets: fc.boolean(),
  /** Somebody has run it before. */
  again: fc.boolean(),
});

const fates = ['keep', 'drop', 'spoil', 'foreign', 'ahead'] as const;

/** What may become of a cache. */
function befall({ kept }: MemorySnapshots, fate: (typeof fates)[number]): void {
  const snapshot = kept.get(first);
  if (!snapshot || fate === 'keep') return;
  const { revision, format } = snapshot;
  if (fate === 'drop') kept.clear();
  if (fate === 'spoil') kept.set(first, { ...snapshot, state: 'nonsense' });
  if (fate === 'foreign') kept.set(first, { ...snapshot, state: 1, format: format + 1 });
  if (fate === 'ahead') kept.set(first, { ...snapshot, state: 1, revision: revision + 1n });
}

const leftAfterEach = (events: readonly { type: string; data: unknown }[]): readonly number[] => {
  let left = 0;
  return events.map(({ type, data }) => {
    if (type === 'CreditExpired') left += Number((data as { amount: string }).amount);
    return left;
  });
};

const MostEvents = fc.integer({ min: 2, max: 6 });

test('two writers that roll over every few events stay exact', async (t) => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(Move, { minLength: 1, maxLength: 50 }),
      MostEvents,
      fc.scheduler(),
      async (moves, mostEvents, scheduler) => {
        const log = memoryLog(() => scheduler.schedule(Promise.resolve()));
        // Whoever loses many races waits in real time, on a busy machine for long.
        const parts = { log, clock, mostEvents, mostResident: 1, patienceMs: 600_000 };
        const writers = [1, 2].map(() => singleWriter(bookedPurse, parts));
        const amounts = new Map(moves.map(({ id, amount }) => [id, amount]));
        const running = moves.map(async ({ writer, id, forgets, again }) => {
          const claimedAfter = { stream: first, revision: null };
          const context = { ...contextOf(`c${id}`), claimedAfter, again };
          const amount = amounts.get(id) ?? 0;
          if (forgets) await writers[writer]?.load(other);
          return await writers[writer]?.run(first, () => ({ amount }), context);
        });
        const outcomes = await scheduler.waitFor(Promise.allSettled(running));
        const written = log.events.map(({ id }) => id);
        t.is(new Set(written).size, written.length);
        t.deepEqual(chained(log.events, mostEvents), []);
        const lefts = leftAfterEach(log.events);
        t.true(lefts.every((left) => left >= 0));
        isAsTold(t, log, moves, outcomes);
        const loaded = scheduler.waitFor(singleWriter(bookedPurse, parts).load(first));
        t.is((await loaded).state.left, lefts.at(-1) ?? 0);
      },
    ),
    { numRuns: 200 },
  );
});

test('dropping, spoiling or losing snapshots changes nothing', async (t) => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 1, max: 130 }), { minLength: 1, maxLength: 12 }),
      fc.integer({ min: 2, max: 400 }),
      fc.array(fc.constantFrom(...fates), { minLength: 12 }),
      async (sizes, mostEvents, befalls) => {
        const snapshots = memorySnapshots();
        const log = memoryLog(() => Promise.resolve());
        let left = 0;
        for (const [round, size] of sizes.entries()) {
          const parts = { log, clock, mostEvents, mostResident: 1, snapshots };
          const { run, load } = singleWriter(bookedPurse, parts);
          const ids = Array.from({ length: size }, (_, i) => `r${round}/${i}`);
          await Promise.all(ids.map((id) => run(first, () => ({ amount: 1 }), contextOf(id))));
          left += size;
          await load(other);
          befall(snapshots, befalls[round] ?? 'keep');
        }
        const cold = await singleWriter(bookedPurse, { log, clock, snapshots }).load(first);
        const bare = await singleWriter(bookedPurse, { log, clock }).load(first);
        t.deepEqual(cold, bare);
        t.is(cold.state.left, left);
      },
    ),
    { numRuns: 60 },
  );
});

/** Each stream but the last ends with a fence that names the next, which nothing follows. */
function chained(
  events: readonly { stream: string; type: string; data: unknown }[],
  mostEvents: number,
): readonly string[] {
  const wrong: string[] = [];
  const streams = [...new Set(events.map(({ stream }) => stream))];
  for (const [place, stream] of streams.entries()) {
    const own = events.filter((event) => event.stream === stream);
    const fences = own.filter(({ type }) => type === 'CommandClaimed').length;
    const isLast = place === streams.length - 1;
    if (stream !== `wallet-1@${place}`) wrong.push(`${stream} is number ${place}`);
    if (fences > 1 || (!isLast && own.at(-1)?.type !== 'CommandClaimed')) wrong.push(stream);
    if (place > 0 && own[0]?.type !== 'CommandDone') wrong.push(`${stream} starts wrong`);
    if (own.length > mostEvents + 1) wrong.push(`${stream} has ${own.length} events`);
  }
  return wrong;
}

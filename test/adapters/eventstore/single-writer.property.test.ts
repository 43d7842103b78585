import test from 'ava';
import fc from 'fast-check';
import { singleWriter } from '../../../src/adapters/eventstore/single-writer.ts';
import { isAsTold } from '../../support/claimed-outcomes.ts';
import { memoryLog } from '../../support/memory-log.ts';
import { contextOf, purse } from '../../support/purse.ts';

const stream = 'wallet-1@0';
const clock = () => new Date('2025-01-01T00:00:00.000Z');

const Move = fc.record({
  writer: fc.integer({ min: 0, max: 1 }),
  /** Some commands are asked for more than once, as retries are. */
  id: fc.integer({ min: 0, max: 30 }),
  amount: fc.integer({ min: -6, max: 5 }),
  /** Somebody has run it before. */
  again: fc.boolean(),
});

/** Amount by id, so that a retry is the same command. */
const amountOf = (moves: readonly { id: number; amount: number }[], id: number): number =>
  moves.find((move) => move.id === id)?.amount ?? 0;

test('two writers on one stream lose nothing, double nothing and never overspend', async (t) => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(Move, { minLength: 1, maxLength: 40 }),
      fc.scheduler(),
      async (moves, scheduler) => {
        const log = memoryLog(() => scheduler.schedule(Promise.resolve()));
        const writers = [1, 2].map(() => singleWriter(purse, { log, clock }));
        const running = moves.map(async ({ writer, id, again }) => {
          const claimed = { claimedAfter: { stream, revision: null }, again };
          const context = { ...contextOf(`c${id}`), ...claimed };
          const amount = amountOf(moves, id);
          return await writers[writer]?.run(stream, () => ({ amount }), context);
        });
        const all = Promise.allSettled(running);
        const outcomes = await scheduler.waitFor(all);
        const written = log.events.map(({ id }) => id);
        t.is(new Set(written).size, written.length);
        let left = 0;
        for (const event of log.events.filter(({ type }) => type === 'CreditExpired')) {
          left += Number((event.data as { amount: string }).amount);
          t.true(left >= 0);
        }
        isAsTold(t, log, moves, outcomes);
      },
    ),
    { numRuns: 100 },
  );
});

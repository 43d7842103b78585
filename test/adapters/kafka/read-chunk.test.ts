import test from 'ava';
import fc from 'fast-check';
import type { Known } from '../../../src/adapters/kafka/read-chunk.ts';
import { readChunk } from '../../../src/adapters/kafka/read-chunk.ts';
import type { FeedRecord } from '../../../src/adapters/kafka/record.ts';
import { stored } from '../../support/recorded.ts';

const event = (position: bigint) =>
  stored({ type: 'RebuildRequested', data: { projection: 'x' } }, { position });
const record = (position: bigint, prev: bigint | null, epoch = 1n): FeedRecord => ({
  ...{ epoch, position, prev },
  event: event(position),
});
const mark = (position: bigint, prev: bigint | null): FeedRecord => ({ epoch: 1n, position, prev });
const start: Known = { at: null, epoch: 0n };
const positions = (records: readonly FeedRecord[], known = start) =>
  readChunk(records, known).events.map(({ position }) => position);

test('records follow one another; what was told before is left out', (t) => {
  const chain = [record(3n, null), record(3n, null), record(7n, 3n), record(3n, null)];
  t.deepEqual(positions(chain), [3n, 7n]);
  t.deepEqual(positions(chain, { at: 3n, epoch: 1n }), [7n]);
  t.like(readChunk(chain, start), { at: 7n, epoch: 1n, missing: null, count: 4 });
});

test('a record whose one before is not known is a gap, and so is a watermark', (t) => {
  const lost = [record(3n, null), record(9n, 7n)];
  t.like(readChunk(lost, start), { at: 3n, missing: 7n, count: 1 });
  t.like(readChunk([mark(9n, 7n)], { at: 3n, epoch: 1n }), { at: 3n, missing: 7n, count: 0 });
  // What a watermark told of is not before the next record.
  t.like(readChunk([mark(9n, 3n), record(12n, 3n)], { at: 3n, epoch: 1n }), { at: 12n });
});

test('a relay that was replaced is not listened to', (t) => {
  const records = [record(3n, null, 2n), record(5n, 3n, 1n), record(5n, 3n, 2n)];
  t.deepEqual(positions(records), [3n, 5n]);
  t.is(readChunk(records, start).epoch, 2n);
});

test('whatever is lost, repeated or late, nothing is taken twice and nothing passed over', (t) => {
  const damage = fc.array(fc.record({ lost: fc.boolean(), again: fc.nat(3) }), {
    minLength: 1,
    maxLength: 40,
  });
  fc.assert(
    fc.property(damage, (all) => {
      const chain = all.map((_, n) => record(BigInt(n * 2), n === 0 ? null : BigInt(n * 2 - 2)));
      const sent = all.flatMap(({ lost, again }, n) => {
        const late = Math.max(0, n - again);
        return [
          ...chain.slice(n, lost ? n : n + 1),
          ...chain.slice(late, again > 0 ? late + 1 : late),
        ];
      });
      const upTo = (end: bigint, after = -1n) =>
        chain.map(({ position }) => position).filter((each) => each > after && each <= end);
      const taken: bigint[] = [];
      let known = start;
      for (let rest: readonly FeedRecord[] = sent; rest.length > 0; ) {
        const read = readChunk(rest, known);
        taken.push(...read.events.map(({ position }) => position));
        known = read;
        if (read.missing === null) break;
        // As the log would: every event up to the missing one.
        taken.push(...upTo(read.missing, known.at ?? undefined));
        known = { at: read.missing, epoch: read.epoch };
        rest = rest.slice(read.count);
      }
      t.deepEqual(taken, upTo(known.at ?? -1n));
    }),
  );
});

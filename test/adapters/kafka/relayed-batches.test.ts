import { Readable } from 'node:stream';
import test from 'ava';
import type { KafkaMessage, Message } from 'kafkajs';
import type { FeedItem } from '../../../src/adapters/eventstore/log.ts';
import type { FeedRecord } from '../../../src/adapters/kafka/record.ts';
import { eventMessage, readRecord, UnreadableRecord } from '../../../src/adapters/kafka/record.ts';
import { relayedBatches } from '../../../src/adapters/kafka/relayed-batches.ts';
import type { StoredEvent } from '../../../src/domain/events.ts';
import { allPartitions, partitionOf } from '../../../src/projections/partition.ts';
import { stored } from '../../support/recorded.ts';

const { signal } = new AbortController();
const nowhere = { position: null, tails: allPartitions.map(() => null), epoch: 4n };
const asRead = ({ key = null, value = null, headers = {} }: Message): KafkaMessage =>
  ({
    key,
    value: typeof value === 'string' ? Buffer.from(value) : value,
    headers,
    offset: '0',
  }) as KafkaMessage;
const eventAt = (position: bigint, stream: string, note = 'x') =>
  stored(
    { type: 'RebuildRequested', data: { projection: note } },
    { position, stream, revision: position },
  );

const given = (
  ...batches: readonly (readonly StoredEvent[])[]
): AsyncIterable<readonly FeedItem[]> =>
  Readable.from(batches.map((batch) => batch.map((event) => ({ kind: 'event', event }))));

test('every record says what comes before it in its partition, and is read as it was', async (t) => {
  const events = Array.from({ length: 40 }, (_, n) => eventAt(BigInt(n * 3), `route-${n % 7}`));
  const told = new Map<number, FeedRecord[]>();
  let place: unknown;
  for await (const batch of relayedBatches(given(events.slice(0, 9), events.slice(9)), nowhere, {
    signal,
    pace: { markMs: 0, idleMs: 10_000 },
  })) {
    place = batch.place;
    for (const [partition, messages] of batch.byPartition) {
      told.set(partition, [
        ...(told.get(partition) ?? []),
        ...messages.map(asRead).map(readRecord),
      ]);
    }
  }
  t.like(place, { position: 117n });
  for (const [partition, records] of told) {
    let last: bigint | null = null;
    for (const { event, prev, epoch, position } of records) {
      t.is(prev, last);
      t.is(epoch, 4n);
      if (!event) continue;
      t.is(partitionOf(event.stream), partition);
      t.deepEqual(
        event,
        events.find((each) => each.position === position),
      );
      last = position;
    }
  }
  const all = [...told.values()].flat();
  t.is(all.filter(({ event }) => event).length, events.length);
  // Every partition hears up to where it was told, also one that has nothing.
  for (const n of allPartitions) t.is(told.get(n)?.at(-1)?.position, 117n);
});

test('no request grows larger than a broker takes, but for a single event', async (t) => {
  const large = 'x'.repeat(400_000);
  const events = Array.from({ length: 6 }, (_, n) => eventAt(BigInt(n), 'route-large', large));
  const sizes: number[] = [];
  for await (const { byPartition } of relayedBatches(given(events), nowhere, { signal })) {
    sizes.push([...byPartition.values()].flat().filter(({ value }) => value !== null).length);
  }
  t.deepEqual(sizes, [2, 2, 2]);
});

test('amounts and text survive as they are', (t) => {
  const data = { projection: '99999999999999999999999999.123456789012 你好 "\\"' };
  const event = { ...eventAt(5n, 'readmodel-x'), data };
  const chain = { epoch: 1n, prev: null };
  t.deepEqual(readRecord(asRead(eventMessage(event, chain))).event, event);
});

test('what somebody else wrote is told from ours', (t) => {
  for (const message of [
    { value: 'x' },
    { value: null },
    { value: 'x', headers: { position: 'y' } },
  ]) {
    t.throws(() => readRecord(asRead(message)), { instanceOf: UnreadableRecord });
  }
});

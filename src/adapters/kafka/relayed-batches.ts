import { setTimeout as sleep } from 'node:timers/promises';
import type { Message } from 'kafkajs';
import type { StoredEvent } from '../../domain/events.ts';
import { allPartitions, partitionOf } from '../../projections/partition.ts';
import type { FeedItem } from '../eventstore/log.ts';
import type { RelayPlace } from '../postgres/relay-seat.ts';
import { eventMessage, watermark } from './record.ts';

/** What is sent together, and where the relay stands when the brokers have it. */
export interface RelayedBatch {
  readonly place: RelayPlace;
  readonly byPartition: ReadonlyMap<number, readonly Message[]>;
}

export interface Pace {
  /** No partition hears for longer than this up to where it was told, while events come. */
  readonly markMs: number;
  /** The same while none come: then nothing new is said, and a lost last record is found. */
  readonly idleMs: number;
}

export const usualPace: Pace = { markMs: 50, idleMs: 5_000 };

/** One request carries no more than this, but for a single event. */
const mostBytes = 1_000_000;
/** About as many as a record has beside its value. */
const headerBytes = 500;

interface Told {
  readonly partition: number;
  readonly message: Message;
  readonly position: bigint;
}

export interface RelayedFrom extends RelayPlace {
  readonly epoch: bigint;
}

/**
 * Events as records, each with the position of the one before it in its partition, and watermarks
 * between them. Pure but for the clock, by which it decides when a watermark is due.
 */
export async function* relayedBatches(
  items: AsyncIterable<readonly FeedItem[]>,
  from: RelayedFrom,
  { signal, pace = usualPace }: { readonly signal: AbortSignal; readonly pace?: Pace },
): AsyncGenerator<RelayedBatch, void, undefined> {
  const { epoch } = from;
  /** Of what is said, and of what is sent. */
  const tails = [...from.tails];
  const sent = [...from.tails];
  let { position } = from;
  let marked: { readonly at: number; readonly position: bigint | null } | undefined;

  function marks(): readonly (readonly [number, Message])[] {
    if (position === null) return [];
    const upTo = position;
    marked = { at: performance.now(), position };
    return allPartitions.map((n) => [n, watermark(upTo, { epoch, prev: sent[n] ?? null })]);
  }

  function isDue(): boolean {
    if (position === null) return false;
    if (!marked) return true;
    const silentMs = performance.now() - marked.at;
    return silentMs >= (marked.position === position ? pace.idleMs : pace.markMs);
  }

  function toldOf(events: readonly StoredEvent[]): readonly Told[] {
    return events.map((event) => {
      const partition = partitionOf(event.stream);
      const message = eventMessage(event, { epoch, prev: tails[partition] ?? null });
      tails[partition] = event.position;
      return { partition, message, position: event.position };
    });
  }

  function batchOf(messages: readonly Told[]): RelayedBatch {
    const byPartition = new Map<number, Message[]>();
    const add = (partition: number, message: Message) => {
      const those = byPartition.get(partition);
      if (those) those.push(message);
      else byPartition.set(partition, [message]);
    };
    for (const { partition, message, position: reached } of messages) {
      add(partition, message);
      sent[partition] = reached;
      position = reached;
    }
    if (isDue()) for (const [partition, mark] of marks()) add(partition, mark);
    return { place: { position, tails: [...sent] }, byPartition };
  }

  const source = items[Symbol.asyncIterator]();
  try {
    let next = source.next();
    while (!signal.aborted) {
      const got = await Promise.race([next, tick(pace.markMs, signal)]);
      if (got === 'tick') {
        if (isDue()) yield batchOf([]);
        continue;
      }
      if (got.done) return;
      for (const part of parts(toldOf(got.value.flatMap(eventIn)))) yield batchOf(part);
      next = source.next();
    }
  } finally {
    await source.return?.();
  }
}

const tick = (ms: number, signal: AbortSignal): Promise<'tick'> =>
  sleep(ms, 'tick' as const, { signal }).catch(() => 'tick' as const);

const eventIn = (item: FeedItem): readonly StoredEvent[] =>
  item.kind === 'event' ? [item.event] : [];

/** Cut so that no request grows too large. */
function parts(messages: readonly Told[]): readonly (readonly Told[])[] {
  const all: Told[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const told of messages) {
    const size = (told.message.value?.length ?? 0) + headerBytes;
    if (bytes + size > mostBytes) {
      all.push([]);
      bytes = 0;
    }
    all.at(-1)?.push(told);
    bytes += size;
  }
  return all;
}

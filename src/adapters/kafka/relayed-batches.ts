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
  const tails = [...from.tails];
  let { position } = from;
  let marked: { readonly at: number; readonly position: bigint | null } | undefined;

  function marks(): readonly (readonly [number, Message])[] {
    if (position === null) return [];
    const upTo = position;
    marked = { at: performance.now(), position };
    return allPartitions.map((n) => [n, watermark(upTo, { epoch, prev: tails[n] ?? null })]);
  }

  function isDue(): boolean {
    if (position === null) return false;
    if (!marked) return true;
    const silentMs = performance.now() - marked.at;
    return silentMs >= (marked.position === position ? pace.idleMs : pace.markMs);
  }

  function batchOf(events: readonly StoredEvent[]): RelayedBatch {
    const messages: (readonly [number, Message])[] = [];
    for (const event of events) {
      const partition = partitionOf(event.stream);
      messages.push([partition, eventMessage(event, { epoch, prev: tails[partition] ?? null })]);
      tails[partition] = event.position;
      position = event.position;
    }
    if (isDue()) messages.push(...marks());
    const byPartition = new Map<number, Message[]>();
    for (const [partition, message] of messages) {
      const those = byPartition.get(partition);
      if (those) those.push(message);
      else byPartition.set(partition, [message]);
    }
    return { place: { position, tails: [...tails] }, byPartition };
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
      for (const part of parts(got.value)) yield batchOf(part);
      next = source.next();
    }
  } finally {
    await source.return?.();
  }
}

const tick = (ms: number, signal: AbortSignal): Promise<'tick'> =>
  sleep(ms, 'tick' as const, { signal }).catch(() => 'tick' as const);

/** The events among some items, cut so that no request grows too large. */
function parts(items: readonly FeedItem[]): readonly (readonly StoredEvent[])[] {
  const all: StoredEvent[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const item of items) {
    if (item.kind !== 'event') continue;
    const size = JSON.stringify(item.event.data).length;
    if (bytes + size > mostBytes) {
      all.push([]);
      bytes = 0;
    }
    all.at(-1)?.push(item.event);
    bytes += size + 500;
  }
  return all;
}

import type { StoredEvent } from '../../domain/events.ts';
import type { FeedRecord } from './record.ts';

/** What a reader knows of a partition. */
export interface Known {
  /** Everything up to here is known; null: not even the first event. */
  readonly at: bigint | null;
  /** The highest epoch seen. */
  readonly epoch: bigint;
}

export interface Read extends Known {
  readonly events: readonly StoredEvent[];
  /** An event before the next record that no record told of; null: all is whole. */
  readonly missing: bigint | null;
  /** So many records were read; the next one waits for what is missing. */
  readonly count: number;
}

/**
 * The new events among records of one partition, up to the first gap. Whatever was told before is left
 * out, and so is what a relay says that was replaced.
 */
export function readChunk(records: readonly FeedRecord[], known: Known): Read {
  let { at, epoch } = known;
  const events: StoredEvent[] = [];
  for (const [count, record] of records.entries()) {
    if (record.epoch < epoch) continue;
    epoch = record.epoch;
    if (at !== null && record.position <= at) continue;
    const { prev } = record;
    if (prev !== null && (at === null || prev > at)) {
      return { at, epoch, events, missing: prev, count };
    }
    if (record.event) events.push(record.event);
    at = record.position;
  }
  return { at, epoch, events, missing: null, count: records.length };
}

import type { StoredEvent } from '../../domain/events.ts';
import { allPartitions, partitionOf } from '../../projections/partition.ts';
import type { FeedItem, Log } from '../eventstore/log.ts';
import { batches } from './batches.ts';
import { earliest } from './checkpoints.ts';
import type { UpTo } from './lane-writer.ts';

/** By partition: up to where its events are wanted; null: none are. */
export type Goal = readonly (bigint | null)[];

/** How far a filling has come. */
export interface Progress {
  /** Positions of the log. */
  readonly from: bigint;
  readonly at: bigint;
  readonly to: bigint;
  /** Events read by this filling. */
  readonly events: number;
}

export interface FillParts {
  readonly eventLog: Pick<Log, 'subscribe'>;
  /** Up to where a partition's events are there; undefined: nobody takes any. */
  positionIn(partition: number): bigint | null | undefined;
  /** Is called while the call before is at work. */
  write(events: readonly StoredEvent[], upTo: UpTo): Promise<void>;
  readonly signal: AbortSignal;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

const mostItems = 1_000;

/** Reads the log until every partition has all events up to its goal, and gives none after it. */
export async function fill(goal: Goal, parts: FillParts): Promise<void> {
  const { eventLog, positionIn, write, signal, onProgress } = parts;
  const missing = allPartitions.filter((n) => isBehind(positionIn(n), goal[n]));
  if (missing.length === 0) return;
  const after = earliest(missing.map((n) => positionIn(n) ?? null));
  const to = missing.reduce((most, n) => later(most, goal[n] ?? -1n), -1n);
  const from = after ?? -1n;
  let events = 0;
  let writing: Promise<void> = Promise.resolve();
  const open = (own: AbortSignal) => eventLog.subscribe({ after, signal: own });
  for await (const items of batches(open, { most: mostItems, signal })) {
    const read = items.flatMap(eventIn);
    // A goal is an event's position: only when that was seen is everything before it here.
    const last = read.at(-1)?.position;
    if (last === undefined) continue;
    const at = last < to ? last : to;
    const part = read.filter(({ position }) => position <= to);
    const next = write(
      part.filter(({ stream, position }) => position <= (goal[partitionOf(stream)] ?? -1n)),
      upTo(goal, at),
    );
    // A failure of the one before makes this one fail, too.
    next.catch(() => {});
    await writing;
    writing = next;
    events += part.length;
    onProgress?.({ from, at, to, events });
    if (at >= to) return writing;
  }
  await writing;
  signal.throwIfAborted();
  throw new Error('The log ended before the position that was asked for.');
}

const eventIn = (item: FeedItem): readonly StoredEvent[] =>
  item.kind === 'event' ? [item.event] : [];

const later = (one: bigint, other: bigint): bigint => (other > one ? other : one);

const isBehind = (position: bigint | null | undefined, goal: bigint | null | undefined): boolean =>
  position !== undefined && (position ?? -1n) < (goal ?? -1n);

function upTo(goal: Goal, at: bigint): UpTo {
  const moves = allPartitions.flatMap((partition) => {
    const most = goal[partition] ?? null;
    return most === null ? [] : [[partition, most < at ? most : at] as const];
  });
  return new Map(moves);
}

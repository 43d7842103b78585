import type pg from 'pg';
import type { Logger } from 'pino';
import type { StoredEvent } from '../../domain/events.ts';
import { decode, isEventType } from '../../domain/events.ts';
import { partitionOf } from '../../projections/partition.ts';
import type { Batch, Dealt, Lane, Stopped } from './lanes.ts';
import { advanceLanes, batchOf, stopLane, unseen } from './lanes.ts';
import { inTurns } from './turns.ts';
import type { Beside, FoldedLane } from './write-batch.ts';
import { foldLane, Unfit, writeBatch } from './write-batch.ts';

/** Up to where a batch is everything there is, by partition. */
export type UpTo = ReadonlyMap<number, bigint>;

export interface LaneWriterParts {
  /** Nothing else is asked through it. */
  readonly client: pg.ClientBase;
  readonly lanes: readonly Lane[];
  readonly log: Logger;
  /** Notes where lanes wait, whenever there is one more. */
  readonly onStopped: (stopped: readonly Stopped[]) => Promise<void>;
}

/**
 * Writes the next events into lanes; whoever can't take one stops there, in its partition. May be called
 * while the call before is still at work: then it decodes and folds meanwhile. Once a call has
 * rejected so do all after it, which would leave a gap.
 */
export type LaneWriter = (
  events: readonly StoredEvent[],
  upTo: UpTo,
  beside?: Beside,
) => Promise<void>;

interface Unreadable {
  readonly event: StoredEvent;
  readonly partition: number;
  readonly error: unknown;
}

interface Ready {
  readonly batch: Batch;
  readonly unreadable: readonly Unreadable[];
  /** As the lanes were when it was folded. */
  readonly folded: ReadonlyMap<Lane, FoldedLane>;
}

export function laneWriter({ client, lanes, log, onStopped }: LaneWriterParts): LaneWriter {
  const isFed = feeds(lanes);
  let last: Promise<void> = Promise.resolve();
  return (stored, upTo, beside) => {
    const before = last;
    const ready = prepare(stored, upTo);
    last = Promise.all([ready, before]).then(([next]) => write(next, beside));
    // Whoever called hears of it; so does who calls next.
    last.catch(() => {});
    return last;
  };

  async function prepare(stored: readonly StoredEvent[], upTo: UpTo): Promise<Ready> {
    const { events, unreadable } = await decoded(stored.filter(isFed));
    const batch = batchOf(events, upTo);
    return { batch, unreadable, folded: await foldAll(lanes, batch) };
  }

  /** What this release can't read stops, in its partition, everybody who has not left it out. */
  async function write({ batch, unreadable, folded }: Ready, beside?: Beside): Promise<void> {
    const before = stops().length;
    for (const { event, partition, error } of unreadable) {
      for (const lane of lanes) stopAt(lane, { ...event, partition }, error);
    }
    await writeAll(batch, { folded, beside });
    if (stops().length > before) await onStopped(stops());
  }

  function stops(): readonly Stopped[] {
    return lanes.flatMap(({ stopped }) => [...stopped.values()]);
  }

  function stopAt(
    lane: Lane,
    { partition, position }: { readonly partition: number; readonly position: bigint },
    error: unknown,
  ): void {
    const isSeen = position <= (lane.positions[partition] ?? -1n);
    if (isSeen || lane.skips.has(position) || lane.stopped.has(partition)) return;
    stopLane(lane, { partition, position }, error, log);
  }

  async function writeAll(batch: Batch, ready: Parameters<typeof writeBatch>[3]): Promise<void> {
    try {
      while (!(await writeBatch(client, lanes, batch, ready))) await advanceLanes(client, lanes);
    } catch (error) {
      if (!(error instanceof Unfit)) throw error;
      await isolate(batch, error);
      // Whatever goes with the batch goes with its last part.
      if (ready.beside) await writeAll(batch, ready);
    }
  }

  /** Halves the batch until the one event is found that the lane can't take, and stops it there. */
  async function isolate(batch: Batch, { lane, cause }: Unfit): Promise<void> {
    const fresh = unseen(lane, batch);
    const [first, second] = fresh;
    if (first && !second) {
      stopAt(lane, { ...first, partition: partitionOf(first.stream) }, cause);
      return writeAll(batch, {});
    }
    const { events, upTo } = batch;
    const middle = events.length - Math.floor(fresh.length / 2);
    const before = events.slice(0, middle);
    await writeAll(batchOf(before, lastOfEach(before)), {});
    await writeAll(batchOf(events.slice(middle), upTo), {});
  }
}

async function decoded(stored: readonly StoredEvent[]) {
  const turns = inTurns();
  const events: Dealt[] = [];
  const unreadable: Unreadable[] = [];
  for (const event of stored) {
    const partition = partitionOf(event.stream);
    try {
      events.push({ event: decode(event), partition });
    } catch (error) {
      unreadable.push({ event, partition, error });
    }
    if (turns.isDue()) await turns.next();
  }
  return { events, unreadable };
}

async function foldAll(lanes: readonly Lane[], batch: Batch): Promise<Ready['folded']> {
  const turns = inTurns();
  const folded = new Map<Lane, FoldedLane>();
  for (const lane of lanes) {
    try {
      folded.set(lane, foldLane(lane, batch));
    } catch {
      // When it is to be written it is folded again, and whoever can't take an event is found.
    }
    if (turns.isDue()) await turns.next();
  }
  return folded;
}

/** Whether any of the lanes wants an event; what this release doesn't know, all do. */
function feeds(lanes: readonly Lane[]): (event: StoredEvent) => boolean {
  const wanted = new Set<string>();
  for (const { build } of lanes) {
    const { fedBy } = build.projection;
    if (fedBy === 'every event') return () => true;
    for (const type of fedBy) wanted.add(type);
  }
  return ({ type }) => wanted.has(type) || !isEventType(type);
}

const lastOfEach = (events: readonly Dealt[]): UpTo =>
  new Map(events.map(({ event, partition }) => [partition, event.position]));

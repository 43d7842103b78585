import type pg from 'pg';
import type { Logger } from 'pino';
import type { StoredEvent } from '../../domain/events.ts';
import { decode } from '../../domain/events.ts';
import { partitionOf } from '../../projections/partition.ts';
import type { Batch, Dealt, Lane } from './lanes.ts';
import { advanceLanes, stopLane, unseen } from './lanes.ts';
import type { Beside } from './write-batch.ts';
import { Unfit, writeBatch } from './write-batch.ts';

/** Up to where a batch is everything there is, by partition. */
export type UpTo = ReadonlyMap<number, bigint>;

export interface LaneWriterParts {
  readonly client: pg.ClientBase;
  readonly lanes: readonly Lane[];
  readonly log: Logger;
}

/** Writes the next events into lanes; whoever can't take one stops there, in its partition. */
export type LaneWriter = (
  events: readonly StoredEvent[],
  upTo: UpTo,
  beside?: Beside,
) => Promise<void>;

export function laneWriter({ client, lanes, log }: LaneWriterParts): LaneWriter {
  return (stored, upTo, beside) => write({ events: decodeAll(stored), upTo }, beside);

  /** What this release can't read stops, in its partition, everybody who has not left it out. */
  function decodeAll(stored: readonly StoredEvent[]): readonly Dealt[] {
    const events: Dealt[] = [];
    for (const event of stored) {
      const partition = partitionOf(event.stream);
      try {
        events.push({ event: decode(event), partition });
      } catch (error) {
        for (const lane of lanes) stopAt(lane, { ...event, partition }, error);
      }
    }
    return events;
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

  async function write(batch: Batch, beside?: Beside): Promise<void> {
    try {
      while (!(await writeBatch(client, lanes, batch, beside))) await advanceLanes(client, lanes);
    } catch (error) {
      if (!(error instanceof Unfit)) throw error;
      await isolate(batch, error);
      // Whatever goes with the batch goes with its last part.
      if (beside) await write(batch, beside);
    }
  }

  /** Halves the batch until the one event is found that the lane can't take, and stops it there. */
  async function isolate(batch: Batch, { lane, cause }: Unfit): Promise<void> {
    const fresh = unseen(lane, batch);
    const [first, second] = fresh;
    if (first && !second) {
      stopAt(lane, { ...first, partition: partitionOf(first.stream) }, cause);
      return write(batch);
    }
    const { events, upTo } = batch;
    const middle = events.length - Math.floor(fresh.length / 2);
    const before = events.slice(0, middle);
    await write({ events: before, upTo: lastOfEach(before) });
    await write({ events: events.slice(middle), upTo });
  }
}

const lastOfEach = (events: readonly Dealt[]): UpTo =>
  new Map(events.map(({ event, partition }) => [partition, event.position]));

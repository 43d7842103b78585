import type pg from 'pg';
import type { Logger } from 'pino';
import type { EventType, Recorded } from '../../domain/events.ts';
import { EventFromNewerVersion } from '../../domain/events.ts';
import { allPartitions } from '../../projections/partition.ts';
import { reasonOf } from '../reason-of.ts';
import type { Build } from './builds.ts';
import type { Place } from './checkpoints.ts';
import { earliest, readCheckpoints } from './checkpoints.ts';

/** A read model that waits at an event which it can't take; none of that partition after it is skipped. */
export interface Stopped {
  readonly projection: string;
  readonly schema: string;
  readonly partition: number;
  /** The event it waits at. */
  readonly position: bigint;
  /** A newer release reads what this one can't; poison needs a person. */
  readonly cause: 'newer_version' | 'poison';
  readonly reason: string;
}

/** One build of a read model on its way through the log. */
export interface Lane {
  readonly build: Build;
  /** By partition: up to where its events are in the table, as far as this process knows. */
  readonly positions: (bigint | null)[];
  /** By partition. */
  readonly stopped: Map<number, Stopped>;
  /** Events that a person let it leave out. */
  readonly skips: ReadonlySet<bigint>;
}

/** An event and the partition it belongs to. */
export interface Dealt {
  readonly event: Recorded;
  readonly partition: number;
}

/** Some partitions' next events, each partition's oldest first, and up to where that is all of them. */
export interface Batch {
  readonly events: readonly Dealt[];
  readonly upTo: ReadonlyMap<number, bigint>;
  /** The same events without their partitions. */
  readonly recorded: readonly Recorded[];
  /** By partition: the first of its events. */
  readonly firsts: ReadonlyMap<number, bigint>;
  /** Of all its events. */
  readonly types: ReadonlySet<EventType>;
}

export function batchOf(events: readonly Dealt[], upTo: ReadonlyMap<number, bigint>): Batch {
  const firsts = new Map<number, bigint>();
  const types = new Set<EventType>();
  for (const { event, partition } of events) {
    if (!firsts.has(partition)) firsts.set(partition, event.position);
    types.add(event.type);
  }
  return { events, upTo, recorded: events.map(({ event }) => event), firsts, types };
}

/** Another process moved a position back: whoever feeds the lanes must begin there again. */
export class CheckpointMovedBack extends Error {
  override readonly name = 'CheckpointMovedBack';
}

export const laneOf = (build: Build, skips: ReadonlySet<bigint> = new Set()): Lane => ({
  build,
  positions: allPartitions.map(() => null),
  stopped: new Map(),
  skips,
});

export const runs = (lane: Lane): boolean => lane.stopped.size < allPartitions.length;

/** Every lane that runs in a partition holds its events up to here; undefined: none runs there. */
export function partitionPosition(
  lanes: readonly Lane[],
  partition: number,
): bigint | null | undefined {
  const running = lanes.filter(({ stopped }) => !stopped.has(partition));
  if (running.length === 0) return undefined;
  return earliest(running.map(({ positions }) => positions[partition] ?? null));
}

/** All lanes hold every event up to here, but for partitions that wait; when all do, with them. */
export function positionOf(lanes: readonly Lane[]): bigint | null {
  const running = allPartitions.flatMap((partition) => {
    const position = partitionPosition(lanes, partition);
    return position === undefined ? [] : [position];
  });
  if (running.length > 0) return earliest(running);
  return earliest(lanes.flatMap(({ positions }) => positions));
}

/** The events of a batch that a lane has not seen and doesn't wait before. */
export function unseen(lane: Lane, batch: Batch): readonly Recorded[] {
  if (hasSeenNone(lane, batch)) return batch.recorded;
  const { events } = batch;
  const fresh: Recorded[] = [];
  for (const { event, partition } of events) {
    const { position } = event;
    const last = lane.positions[partition] ?? null;
    if (last !== null && position <= last) continue;
    const wall = lane.stopped.get(partition)?.position;
    if (wall !== undefined && position >= wall) continue;
    if (!lane.skips.has(position)) fresh.push(event);
  }
  return fresh;
}

const hasSeenNone = ({ positions, stopped, skips }: Lane, { firsts }: Batch): boolean =>
  stopped.size === 0 &&
  skips.size === 0 &&
  [...firsts].every(([partition, position]) => (positions[partition] ?? -1n) < position);

/** How far a batch moves a lane, partition by partition; not at all past what it waits at. */
export function movesOf(lane: Lane, { events, upTo }: Batch): ReadonlyMap<number, bigint> {
  const moves = new Map<number, bigint>();
  for (const [partition, to] of upTo) {
    const wall = lane.stopped.get(partition)?.position;
    const reached = wall === undefined || to < wall ? to : lastBefore(events, partition, wall);
    const last = lane.positions[partition] ?? null;
    if (reached !== undefined && (last === null || reached > last)) moves.set(partition, reached);
  }
  return moves;
}

const lastBefore = (events: readonly Dealt[], partition: number, wall: bigint) =>
  events.findLast((each) => each.partition === partition && each.event.position < wall)?.event
    .position;

/** A lane goes no further in a partition than to the event before this one. */
export function stopLane(
  lane: Lane,
  { partition, position }: { readonly partition: number; readonly position: bigint },
  error: unknown,
  log: Logger,
): void {
  const cause = error instanceof EventFromNewerVersion ? 'newer_version' : 'poison';
  const { projection, schema } = lane.build;
  const where = { projection: projection.name, schema, partition };
  lane.stopped.set(partition, { ...where, position, cause, reason: reasonOf(error) });
  log.error({ err: error, ...where, position: String(position), cause }, 'projection stopped');
}

/** Takes over the positions that Postgres knows. */
export async function syncLanes(client: pg.ClientBase, lanes: readonly Lane[]): Promise<void> {
  const stored = await readCheckpoints(
    client,
    lanes.flatMap(({ build }) => allPartitions.map((partition) => placeOf(build, partition))),
  );
  for (const [index, lane] of lanes.entries()) {
    for (const partition of allPartitions) {
      lane.positions[partition] = stored[index * allPartitions.length + partition] ?? null;
    }
  }
}

/** The same while events are being fed: then positions may only have grown. */
export async function advanceLanes(client: pg.ClientBase, lanes: readonly Lane[]): Promise<void> {
  const before = lanes.map(({ positions }) => [...positions]);
  await syncLanes(client, lanes);
  const back = lanes.find(({ positions }, index) =>
    positions.some((position, n) => (position ?? -1n) < (before[index]?.[n] ?? -1n)),
  );
  if (back) throw new CheckpointMovedBack(`The position of ${back.build.schema} went back.`);
}

export const placeOf = ({ schema }: Build, partition: number): Place => ({
  consumer: schema,
  partition: String(partition),
});

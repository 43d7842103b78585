import type pg from 'pg';
import type { Logger } from 'pino';
import type { Recorded } from '../../domain/events.ts';
import { EventFromNewerVersion } from '../../domain/events.ts';
import type { Projection } from '../../projections/projection.ts';
import { reasonOf } from '../reason-of.ts';
import { earliest, readCheckpoints } from './checkpoints.ts';

/** A read model that waits at an event which it can't take; the events after it are not skipped. */
export interface Stopped {
  readonly projection: string;
  /** The event it waits at. */
  readonly position: bigint;
  /** A newer release reads what this one can't; poison needs a person. */
  readonly cause: 'newer_version' | 'poison';
  readonly reason: string;
}

/** One read model on its way through the log. */
export interface Lane {
  readonly projection: Projection;
  /** The last event in its table, as far as this process knows. */
  position: bigint | null;
  stopped?: Stopped;
}

/** Another process moved a checkpoint back: whoever feeds the lanes must begin there again. */
export class CheckpointMovedBack extends Error {
  override readonly name = 'CheckpointMovedBack';
}

export const running = (lanes: readonly Lane[]): readonly Lane[] =>
  lanes.filter(({ stopped }) => stopped === undefined);

/** All lanes that run hold every event up to here; when none does, all lanes. */
export function positionOf(lanes: readonly Lane[]): bigint | null {
  const moving = running(lanes);
  return earliest((moving.length > 0 ? moving : lanes).map(({ position }) => position));
}

/** The events of a batch that a lane has not seen. */
export function unseen({ position }: Lane, events: readonly Recorded[]): readonly Recorded[] {
  const first = events[0];
  if (position === null || (first && first.position > position)) return events;
  return events.filter((event) => event.position > position);
}

export function stopLane(lane: Lane, position: bigint, error: unknown, log: Logger): void {
  const cause = error instanceof EventFromNewerVersion ? 'newer_version' : 'poison';
  const reason = reasonOf(error);
  const projection = lane.projection.name;
  lane.stopped = { projection, position, cause, reason };
  log.error({ err: error, projection, position: String(position), cause }, 'projection stopped');
}

/** Takes over the positions that Postgres knows. */
export async function syncLanes(client: pg.ClientBase, lanes: readonly Lane[]): Promise<void> {
  const positions = await stored(client, lanes);
  for (const [index, lane] of lanes.entries()) lane.position = positions[index] ?? null;
}

/** The same while events are being fed: then positions may only have grown. */
export async function advanceLanes(client: pg.ClientBase, lanes: readonly Lane[]): Promise<void> {
  const before = lanes.map(({ position }) => position ?? -1n);
  await syncLanes(client, lanes);
  const back = lanes.find(({ position }, index) => (position ?? -1n) < (before[index] ?? -1n));
  if (back) throw new CheckpointMovedBack(`The checkpoint of ${back.projection.name} went back.`);
}

const stored = (client: pg.ClientBase, lanes: readonly Lane[]) =>
  readCheckpoints(
    client,
    lanes.map(({ projection }) => projection),
  );

import type pg from 'pg';
import type { Logger } from 'pino';
import type { Recorded, StoredEvent } from '../../domain/events.ts';
import { decode } from '../../domain/events.ts';
import type { Projection } from '../../projections/projection.ts';
import { closeQuietly, connect } from './connect.ts';
import type { Lane, Stopped } from './lanes.ts';
import { advanceLanes, positionOf, running, stopLane, syncLanes, unseen } from './lanes.ts';
import { prepareTables, showVersions } from './read-schema.ts';
import { Unfit, writeBatch } from './write-batch.ts';

/** Writes events into the read models, each exactly once. */
export interface Projector {
  /** Connects anew, makes missing tables, and says after which position it wants events. */
  open(): Promise<bigint | null>;
  /** Takes the next events, oldest first; repeated ones change nothing. Rejects on a broken connection. */
  apply(events: readonly StoredEvent[]): Promise<void>;
  /** Lets readers see these versions: the log has been read to its end. */
  show(): Promise<void>;
  /** All read models that run hold every event up to here. */
  position(): bigint | null;
  /** Whether any read model still takes events. */
  runs(): boolean;
  stopped(): readonly Stopped[];
  close(): void;
}

export interface ProjectorOptions {
  readonly databaseUrl: string;
  readonly projections: readonly Projection[];
  readonly log: Logger;
}

/** The projector of a group of read models: one transaction a batch for all of them. */
export function projector({ databaseUrl, projections, log }: ProjectorOptions): Projector {
  const lanes = projections.map((projection): Lane => ({ projection, position: null }));
  let client: pg.Client | undefined;

  function connected(): pg.Client {
    if (!client) throw new Error('The projector is not open.');
    return client;
  }

  return {
    async open() {
      if (client) closeQuietly(client);
      client = await connect(databaseUrl, { name: 'projector', statementMs: 30_000 });
      // Rows and checkpoint are lost together in a crash of the server, and then projected again.
      await client.query('SET synchronous_commit = off');
      await prepareTables(client, projections);
      await syncLanes(client, lanes);
      return positionOf(lanes);
    },
    async apply(stored) {
      const { events, failed } = decodeAll(stored);
      await write(connected(), events);
      if (!failed) return;
      for (const lane of running(lanes)) stopLane(lane, failed.position, failed.error, log);
    },
    show: () => showVersions(connected(), projections),
    position: () => positionOf(lanes),
    runs: () => running(lanes).length > 0,
    stopped: () => lanes.flatMap(({ stopped }) => (stopped ? [stopped] : [])),
    close() {
      if (client) closeQuietly(client);
      client = undefined;
    },
  };

  async function write(to: pg.Client, events: readonly Recorded[]): Promise<void> {
    try {
      while (!(await writeBatch(to, lanes, events))) await advanceLanes(to, lanes);
    } catch (error) {
      if (!(error instanceof Unfit)) throw error;
      await isolate(to, events, error);
    }
  }

  /** Halves the batch until the one event is found that the lane can't take, and stops it there. */
  async function isolate(
    to: pg.Client,
    events: readonly Recorded[],
    { lane, cause }: Unfit,
  ): Promise<void> {
    const fresh = unseen(lane, events);
    const [first, second] = fresh;
    if (first && !second) {
      stopLane(lane, first.position, cause, log);
      return write(to, events);
    }
    const middle = events.length - Math.floor(fresh.length / 2);
    await write(to, events.slice(0, middle));
    await write(to, events.slice(middle));
  }
}

/** Decodes once for all read models, up to the first event that this release can't read. */
function decodeAll(stored: readonly StoredEvent[]) {
  const events: Recorded[] = [];
  for (const event of stored) {
    try {
      events.push(decode(event));
    } catch (error) {
      return { events, failed: { position: event.position, error } };
    }
  }
  return { events };
}

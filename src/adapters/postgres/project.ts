import type pg from 'pg';
import type { Logger } from 'pino';
import type { StoredEvent } from '../../domain/events.ts';
import { allPartitions } from '../../projections/partition.ts';
import type { Projection } from '../../projections/projection.ts';
import { fedBuilds, fingerprint, readSkips } from './builds.ts';
import { closeQuietly, connect } from './connect.ts';
import type { LaneWriter, UpTo } from './lane-writer.ts';
import { laneWriter } from './lane-writer.ts';
import type { Lane, Stopped } from './lanes.ts';
import { laneOf, partitionPosition, positionOf, runs, syncLanes } from './lanes.ts';
import { prepareTables } from './read-schema.ts';
import { saveStops } from './stops.ts';
import type { Beside } from './write-batch.ts';

/** Writes events into the read models, each exactly once. */
export interface Projector {
  /**
   * Waits for what is being written, connects anew, makes missing tables, and says after which position
   * it wants events.
   */
  open(): Promise<bigint | null>;
  /**
   * Takes the next events, each partition's oldest first; repeated ones change nothing. Without `upTo`
   * they are the whole log up to the last of them. May be called while the call before is at work:
   * that is still written first. Rejects on a broken connection, and from then on until it is opened.
   */
  apply(events: readonly StoredEvent[], upTo?: UpTo, beside?: Beside): Promise<void>;
  /** All read models that run hold every event up to here. */
  position(): bigint | null;
  /** The same for one partition; undefined: nothing runs there. */
  positionIn(partition: number): bigint | null | undefined;
  /** Whether builds or skips are others than when it was opened: then it must be opened again. */
  changed(): Promise<boolean>;
  /** Whether any read model still takes events. */
  runs(): boolean;
  stopped(): readonly Stopped[];
  close(): void;
}

export interface ProjectorOptions {
  readonly databaseUrl: string;
  readonly projections: readonly Projection[];
  readonly log: Logger;
  /** Shown in `pg_stat_activity`. */
  readonly name?: string;
}

/** The projector of a group of read models: one transaction a batch for all of them. */
export function projector(options: ProjectorOptions): Projector {
  const { databaseUrl, projections, log, name = 'projector' } = options;
  let lanes: readonly Lane[] = [];
  let client: pg.Client | undefined;
  let write: LaneWriter = () => Promise.reject(new Error('The projector is not open.'));
  let last: Promise<void> = Promise.resolve();
  let known = '';

  function connected(): pg.Client {
    if (!client) throw new Error('The projector is not open.');
    return client;
  }

  const stops = () => lanes.flatMap(({ stopped }) => [...stopped.values()]);

  return {
    async open() {
      await last.catch(() => {});
      if (client) closeQuietly(client);
      client = await connect(databaseUrl, { name, statementMs: 30_000 });
      // Rows and position are lost together in a crash of the server, and then projected again.
      await client.query('SET synchronous_commit = off');
      // First: what changes from here on is another one than was known.
      const before = await fingerprint(client);
      const builds = fedBuilds(await prepareTables(client, projections), projections);
      known = before;
      const skips = await readSkips(client);
      lanes = builds.map((build) => laneOf(build, skips.get(build.schema)));
      await syncLanes(client, lanes);
      const own = client;
      write = laneWriter({ client, lanes, log, onStopped: (all) => saveStops(own, all) });
      return positionOf(lanes);
    },
    apply(stored, upTo = wholeLog(stored), beside) {
      last = write(stored, upTo, beside);
      return last;
    },
    position: () => positionOf(lanes),
    positionIn: (partition) => partitionPosition(lanes, partition),
    changed: async () => (await fingerprint(connected())) !== known,
    runs: () => lanes.length === 0 || lanes.some(runs),
    stopped: stops,
    close() {
      if (client) closeQuietly(client);
      client = undefined;
    },
  };
}

/** Everything up to the last of these events, in all partitions. */
function wholeLog(stored: readonly StoredEvent[]): UpTo {
  const last = stored.at(-1)?.position;
  return new Map(last === undefined ? [] : allPartitions.map((partition) => [partition, last]));
}

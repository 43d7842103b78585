import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import type { Logger } from 'pino';
import { allPartitions } from '../../projections/partition.ts';
import type { Projection } from '../../projections/projection.ts';
import type { Log } from '../eventstore/log.ts';
import type { Build, KnownBuild } from './builds.ts';
import { copySkips, freeSchema, isOf, makeBuild, readBuilds, readSkips } from './builds.ts';
import type { Comparison } from './compare-builds.ts';
import { compareBuilds } from './compare-builds.ts';
import { closeQuietly, connect } from './connect.ts';
import type { Goal, Progress } from './fill.ts';
import { fill } from './fill.ts';
import { laneWriter } from './lane-writer.ts';
import type { Lane, Stopped } from './lanes.ts';
import { laneOf, placeOf, syncLanes } from './lanes.ts';
import { alone, prepareTables, show } from './read-schema.ts';
import { saveStops } from './stops.ts';

export interface RebuildParts {
  readonly databaseUrl: string;
  readonly eventLog: Pick<Log, 'subscribe'>;
  readonly log: Logger;
  readonly signal: AbortSignal;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

export interface RebuildWish {
  /** Shows the new build though it differs from the old one, which only other code may; says why. */
  readonly accept?: string | undefined;
  /** Shows the new build though the same code gave other rows: somebody changed the old one's. Says so. */
  readonly repair?: string | undefined;
  /** Compares only, and drops the new build again. */
  readonly isCanary?: boolean;
}

export interface Rebuilt {
  readonly schema: string;
  readonly before: string;
  readonly comparison: Comparison;
}

/** Another process rebuilds this read model. */
export class RebuildRunning extends Error {
  override readonly name = 'RebuildRunning';
}

/** The new build holds something else than the old one, and isn't shown. */
export class RebuildDiffers extends Error {
  override readonly name = 'RebuildDiffers';
  readonly rebuilt: Rebuilt;

  constructor(rebuilt: Rebuilt, advice: string) {
    super(`${rebuilt.schema} differs from ${rebuilt.before}: ${advice}`);
    this.rebuilt = rebuilt;
  }
}

/** An event that the new build can't take. */
export class RebuildStopped extends Error {
  override readonly name = 'RebuildStopped';
}

/** Any number that nothing else in this database locks. */
const lock = 4_711_003;
/** A last part that takes no longer than this is read while the old build's writer waits. */
const lastPartMs = 500;
const mostPasses = 50;
export const mostTries = 60;
/** The old build's writer goes on meanwhile. */
export const betweenTriesMs = 1_000;

/**
 * Fills a new build of a read model beside the one that is shown, compares both at one position, and
 * shows the new one. Readers never wait; whoever feeds the old one does, for two last parts: before the
 * comparison, and before the new one is shown. Ended
 * anywhere, it goes on where it was, because what it has done stands in Postgres.
 */
export async function rebuild(
  projection: Projection,
  parts: RebuildParts,
  wish: RebuildWish = {},
): Promise<Rebuilt> {
  const own = await connect(parts.databaseUrl, { name: `rebuild ${projection.name}` });
  const writer = await connect(parts.databaseUrl, { name: `filling ${projection.name}` });
  try {
    const { rows } = await own.query<{ mine: boolean }>(
      'SELECT pg_try_advisory_lock($1, hashtext($2)) AS mine',
      [lock, projection.name],
    );
    if (!rows[0]?.mine) throw new RebuildRunning(`${projection.name} is being rebuilt already.`);
    await writer.query('SET synchronous_commit = off');
    return await rebuildAlone(projection, { ...parts, own, writer }, wish);
  } finally {
    closeQuietly(writer);
    closeQuietly(own);
  }
}

interface Alone extends RebuildParts {
  /** Holds the lock, and swaps. */
  readonly own: pg.Client;
  readonly writer: pg.Client;
}

async function rebuildAlone(
  projection: Projection,
  parts: Alone,
  wish: RebuildWish,
): Promise<Rebuilt> {
  const { own, writer, log } = parts;
  const known = await prepareTables(own, [projection]);
  const shown = known.find(({ projection: name, state }) => isShown(name, state, projection));
  if (!shown) throw new Error(`Nothing is shown of ${projection.name}.`);
  const build = await newBuild(own, { projection, shown, wish });
  const skips = await readSkips(own);
  const lane = laneOf(build, skips.get(build.schema));
  await syncLanes(writer, [lane]);
  const onStopped = (stopped: readonly Stopped[]) => saveStops(writer, stopped);
  const write = laneWriter({ client: writer, lanes: [lane], log, onStopped });
  const fillTo = async (goal: Goal) => {
    const positionIn = (n: number) => lane.positions[n] ?? null;
    await fill(goal, { ...parts, positionIn, write });
    refuseStopped(lane);
  };
  const both = { ...parts, projection, shown, build, fillTo };
  const comparison = await compareAside(both);
  const rebuilt = { schema: build.schema, before: shown.schema, comparison };
  if (wish.isCanary) {
    await alone(own, () => dropIn(own, build.schema));
    return rebuilt;
  }
  const refusal = refusalOf(rebuilt, shown, { projection, wish });
  if (refusal) {
    await report(own, rebuilt);
    throw refusal;
  }
  await showWhenReadersLet(both, rebuilt);
  return rebuilt;
}

const isShown = (name: string, state: string, projection: Projection): boolean =>
  name === projection.name && state === 'shown';

/** A half-filled build goes on; one that was compared already begins anew, unless it is to be accepted. */
const newBuild = (client: pg.Client, { projection, shown, wish }: NewBuild): Promise<Build> =>
  alone(client, async () => {
    const state = wish.isCanary ? 'canary' : 'filling';
    const { rows } = await client.query<{ schema: string; compared: boolean }>(
      `SELECT schema, report IS NOT NULL AS compared FROM feed.builds
     WHERE projection = $1 AND version = $2 AND state = $3 ORDER BY made_at`,
      [projection.name, projection.version, state],
    );
    const [half] = rows;
    if (
      half &&
      !wish.isCanary &&
      (!half.compared || wish.accept !== undefined || wish.repair !== undefined)
    ) {
      return { projection, schema: half.schema };
    }
    if (half) await dropIn(client, half.schema);
    const build = { projection, schema: freeSchema(projection, await readBuilds(client)) };
    await makeBuild(client, build, state);
    // What a person let this code leave out it leaves out again; other code may be able to take it.
    if (isOf(shown, projection)) await copySkips(client, shown.schema, build.schema);
    return build;
  });

interface NewBuild {
  readonly projection: Projection;
  readonly shown: KnownBuild;
  readonly wish: RebuildWish;
}

interface Filling extends Alone {
  readonly shown: KnownBuild;
  readonly fillTo: (goal: Goal) => Promise<void>;
}

/** Until so little is missing that the old build's writer may wait for it. */
async function fillAlmost({ own, shown, fillTo }: Filling): Promise<void> {
  for (let passes = 0; passes < mostPasses; passes += 1) {
    const since = performance.now();
    await fillTo(await goalOf(own, shown.schema));
    if (performance.now() - since < lastPartMs) return;
  }
}

interface Both extends Filling {
  readonly projection: Projection;
  readonly build: Build;
}

/**
 * Compares both builds at one position. Whoever feeds the old one waits until a snapshot of that is
 * taken, and goes on while the snapshot is read.
 */
async function compareAside(both: Both): Promise<Comparison> {
  const { own, writer, projection, shown, build, fillTo } = both;
  await fillAlmost(both);
  await own.query('BEGIN');
  try {
    // From here on whoever feeds the old build waits.
    await fillTo(await goalOf(own, shown.schema, 'FOR UPDATE'));
    await writer.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    // A snapshot is of the first query's moment.
    await writer.query('SELECT pg_current_snapshot()');
  } finally {
    await own.query('ROLLBACK').catch(() => {});
  }
  const comparison = await compareBuilds(writer, projection, {
    before: shown.schema,
    after: build.schema,
  });
  await writer.query('COMMIT');
  return comparison;
}

/** Shows the new build, filled up to where the old one is by then; a reader who takes long is waited for. */
async function showWhenReadersLet(both: Both, rebuilt: Rebuilt): Promise<void> {
  const { projection, log } = both;
  for (let tries = 1; ; tries += 1) {
    await fillAlmost(both);
    try {
      return await showNow(both, rebuilt);
    } catch (error) {
      if (!isLockTimeout(error) || tries === mostTries) throw error;
      await sleep(betweenTriesMs, undefined, { signal: both.signal });
      log.info(
        { projection: projection.name },
        'readers hold the old view; the swap is tried again',
      );
    }
  }
}

async function showNow({ own, shown, build, fillTo }: Both, rebuilt: Rebuilt): Promise<void> {
  await own.query('BEGIN');
  try {
    await fillTo(await goalOf(own, shown.schema, 'FOR UPDATE'));
    await report(own, rebuilt);
    await swap(own, build, shown.schema);
    await own.query('COMMIT');
  } catch (error) {
    await own.query('ROLLBACK').catch(() => {});
    throw error;
  }
}

function refusalOf(
  rebuilt: Rebuilt,
  shown: KnownBuild,
  { projection, wish }: { readonly projection: Projection; readonly wish: RebuildWish },
): RebuildDiffers | undefined {
  if (rebuilt.comparison.same || wish.repair !== undefined) return undefined;
  if (isOf(shown, projection)) {
    return new RebuildDiffers(
      rebuilt,
      'the same code must give the same rows; one of them is wrong',
    );
  }
  if (wish.accept !== undefined) return undefined;
  return new RebuildDiffers(rebuilt, 'it is shown when somebody accepts that, with a reason');
}

/** Another build takes the place of the one that is shown, which goes on being fed. */
export async function swap(client: pg.Client, build: Build, shown: string): Promise<void> {
  await client.query(`SET LOCAL lock_timeout = '200ms'`);
  await show(client, build);
  await client.query(`UPDATE feed.builds SET state = 'kept' WHERE schema = $1`, [shown]);
  await client.query(`UPDATE feed.builds SET state = 'shown' WHERE schema = $1`, [build.schema]);
}

const report = (client: pg.Client, { schema, comparison }: Rebuilt) =>
  client.query('UPDATE feed.builds SET report = $2 WHERE schema = $1', [
    schema,
    JSON.stringify(comparison),
  ]);

/** Its name comes from `feed.builds`, never from a caller. */
export async function dropIn(client: pg.Client, schema: string): Promise<void> {
  // Waits for whoever is about to show it; what readers see is never dropped.
  const { rowCount } = await client.query(
    `DELETE FROM feed.builds WHERE schema = $1 AND state <> 'shown'`,
    [schema],
  );
  if (!rowCount) throw new Error(`${schema} is what readers see now, and is not dropped.`);
  // As whoever feeds it: first the positions, then the table.
  await client.query('DELETE FROM feed.positions WHERE consumer = $1', [schema]);
  await client.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`);
  await client.query('DELETE FROM feed.skips WHERE schema = $1', [schema]);
  await client.query('DELETE FROM feed.stops WHERE schema = $1', [schema]);
}

async function goalOf(client: pg.Client, schema: string, locking = ''): Promise<Goal> {
  const build = { schema } as Build;
  const { rows } = await client.query<{ partition: string; position: string | null }>(
    `SELECT partition, position::text AS position FROM feed.positions
     WHERE consumer = $1 ORDER BY partition ${locking}`,
    [schema],
  );
  const found = new Map(rows.map(({ partition, position }) => [partition, position]));
  return allPartitions.map((n) => {
    const position = found.get(placeOf(build, n).partition) ?? null;
    return position === null ? null : BigInt(position);
  });
}

function refuseStopped({ build, stopped }: Lane): void {
  const [first] = stopped.values();
  if (!first) return;
  throw new RebuildStopped(
    `${build.schema} can't take the event at ${first.position}: ${first.reason}`,
  );
}

/** `lock_not_available`: somebody reads through the view for longer than the swap may wait. */
export const isLockTimeout = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === '55P03';

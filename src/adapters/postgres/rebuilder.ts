import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import type { Logger } from 'pino';
import type { Projection } from '../../projections/projection.ts';
import type { Log } from '../eventstore/log.ts';
import type { KnownBuild } from './builds.ts';
import { isOf } from './builds.ts';
import { closeQuietly, connect } from './connect.ts';
import type { Progress } from './fill.ts';
import { prepareTables } from './read-schema.ts';
import { RebuildDiffers, RebuildRunning, rebuild } from './rebuild.ts';

export interface RebuilderParts {
  readonly databaseUrl: string;
  readonly eventLog: Pick<Log, 'subscribe'>;
  readonly projections: readonly Projection[];
  readonly log: Logger;
}

export interface Rebuilder {
  /** Whether this release's version of a read model is not shown yet, for no other reason than time. */
  pending(): boolean;
  /** Read model → how far its rebuild in this process has come. */
  progress(): ReadonlyMap<string, Progress>;
  close(): Promise<void>;
}

const everyMs = 1_000;
/** What failed is not tried again at once. */
const restMs = 30_000;

/**
 * Finishes whatever build is half filled: one that a new release needs, one that somebody asked for,
 * or one whose process was killed. One process does each, whichever comes first.
 */
export function rebuilder({ databaseUrl, eventLog, projections, log }: RebuilderParts): Rebuilder {
  const closing = new AbortController();
  const { signal } = closing;
  const progress = new Map<string, Progress>();
  const failedAt = new Map<string, number>();
  let unshown = new Set(projections.map(({ name }) => name));

  async function look(client: pg.Client): Promise<void> {
    const known = await prepareTables(client, projections);
    const { rows } = await client.query<{ schema: string; accepted: string | null }>(
      `SELECT schema, accepted FROM feed.builds
       WHERE state = 'filling' AND (report IS NULL OR accepted IS NOT NULL)`,
    );
    const old = projections.filter(({ name, version }) =>
      known.some((each) => isShownOtherwise(each, name, version)),
    );
    unshown = new Set(old.map(({ name }) => name).filter((name) => isHalf(name, rows, known)));
    for (const projection of projections) {
      const half = rows.find(({ schema }) =>
        known.some((each) => each.schema === schema && isOf(each, projection)),
      );
      const rests =
        performance.now() - (failedAt.get(projection.name) ?? Number.NEGATIVE_INFINITY) < restMs;
      if (half && !rests && !signal.aborted) await finish(projection, half.accepted ?? undefined);
    }
  }

  async function finish(projection: Projection, accept: string | undefined): Promise<void> {
    const { name } = projection;
    try {
      const onProgress = (now: Progress) => void progress.set(name, now);
      const parts = { databaseUrl, eventLog, log, signal, onProgress };
      const { schema, before } = await rebuild(projection, parts, { accept });
      log.info({ projection: name, schema, before }, 'a rebuilt read model is shown');
    } catch (err) {
      if (err instanceof RebuildRunning || signal.aborted) return;
      failedAt.set(name, performance.now());
      const report = err instanceof RebuildDiffers ? err.rebuilt.comparison : undefined;
      log.error({ err, projection: name, report }, 'a read model could not be rebuilt');
    } finally {
      progress.delete(name);
    }
  }

  /** Again and again, on one connection, until something breaks. */
  async function lookOn(): Promise<void> {
    const client = await connect(databaseUrl, { name: 'rebuilder', statementMs: 30_000 });
    try {
      while (!signal.aborted) {
        await look(client);
        await pause();
      }
    } finally {
      closeQuietly(client);
    }
  }
  const pause = () => sleep(everyMs, undefined, { signal }).catch(() => undefined);

  async function run(): Promise<void> {
    while (!signal.aborted) {
      try {
        await lookOn();
      } catch (err) {
        if (!signal.aborted) log.debug({ err }, 'builds could not be looked at');
        await pause();
      }
    }
  }

  const done = run();
  return {
    pending: () => unshown.size > 0,
    progress: () => progress,
    async close() {
      closing.abort();
      await done;
    },
  };
}

/** Readers see another version of it than this release's. */
const isShownOtherwise = (build: KnownBuild, name: string, version: number): boolean =>
  build.state === 'shown' && build.projection === name && build.version !== version;

const isHalf = (
  name: string,
  half: readonly { readonly schema: string }[],
  known: readonly KnownBuild[],
): boolean =>
  half.some(({ schema }) =>
    known.some((each) => each.schema === schema && each.projection === name),
  );

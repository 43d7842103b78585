import { join } from 'node:path';
import type { Logger } from 'pino';
import type { EventNode } from './adapters/eventstore/embedded/spawn.ts';
import { spawnEventNode } from './adapters/eventstore/embedded/spawn.ts';
import { claimDataDir, openDataDir } from './adapters/files/data-dir.ts';
import { steadyPort } from './adapters/files/steady-port.ts';
import type { EmbeddedPostgres } from './adapters/postgres/embedded.ts';
import { startEmbeddedPostgres } from './adapters/postgres/embedded.ts';
import { ensureDatabase } from './adapters/postgres/embedded-database.ts';
import { slowStep } from './adapters/slow-step.ts';
import type { Closers } from './closers.ts';
import { closers } from './closers.ts';
import { supervise } from './supervisor.ts';

export interface EnginesOptions {
  dataDir: string;
  /** Set: that log is used and no event node is started. */
  eventstoreUrl?: string | undefined;
  /** Set: that server is used and no PostgreSQL is started. */
  databaseUrl?: string | undefined;
  /** Where this process can be found, for the message that refuses a second one. */
  url?: string | undefined;
  log: Logger;
  onState?(state: EngineState): void;
  /** Ends a start that is still going on; later, call `stop`. */
  signal?: AbortSignal | undefined;
}

/** What is known of the embedded engines; an engine given by URL counts as up here. */
export interface EngineState {
  postgres: 'up' | 'down';
  eventlog: 'up' | 'down';
  reason?: string;
}

export interface Engines {
  databaseUrl: string;
  eventstoreUrl: string;
  state(): EngineState;
  stop(): Promise<void>;
}

interface Context extends EnginesOptions {
  dir: string;
  health: Health;
  started: Closers;
}

const orphanNodeMs = 3_000;

/**
 * Starts, and keeps up, the engines that no URL was given for. Refuses (`DataDirInUse`) when another process runs
 * engines on the same directory.
 */
export async function startEngines(options: EnginesOptions): Promise<Engines> {
  const health = engineHealth(options);
  const dir = await openDataDir(options.dataDir);
  const context: Context = { ...options, dir, health, started: closers() };
  const stop = context.started.close;
  try {
    if (options.databaseUrl === undefined || options.eventstoreUrl === undefined) {
      const claim = await claimDataDir(dir, options.url);
      context.started.add(claim.release);
    }
    const postgres = await startPostgres(context);
    const eventstoreUrl = options.eventstoreUrl ?? (await startEventNode(context, postgres.logUrl));
    return { databaseUrl: postgres.databaseUrl, eventstoreUrl, state: health.state, stop };
  } catch (error) {
    await stop().catch((failure: unknown) => options.log.error(failure));
    throw error;
  }
}

/** The databases of the read side and of the embedded log. In a server that was given, the log is a schema of its own. */
async function startPostgres(context: Context): Promise<{ databaseUrl: string; logUrl: string }> {
  const { databaseUrl, dir, log, signal, health, started } = context;
  if (databaseUrl !== undefined) {
    return { databaseUrl, logUrl: databaseUrl };
  }
  const postgres = await supervise<EmbeddedPostgres>({
    start: (aborted, first) =>
      startEmbeddedPostgres({
        dir: join(dir, 'postgres'),
        log,
        signal: aborted,
        ...(first === undefined ? {} : { port: first.port }),
      }),
    onUp: ({ pid, port }) => health.up('postgres', { engineProcess: pid, port }),
    onDown: (reason) => health.down('postgres', `PostgreSQL: ${reason}`),
    signal,
  });
  started.add(postgres.stop);
  const admin = postgres.first.url('postgres');
  return {
    databaseUrl: await ensureDatabase(admin, 'llm_member'),
    logUrl: await ensureDatabase(admin, 'eventlog'),
  };
}

async function startEventNode(context: Context, databaseUrl: string): Promise<string> {
  const { dir, log, signal, health, started } = context;
  const node = await supervise<EventNode>({
    start: async (aborted, first) => {
      if (health.state().postgres === 'down') {
        throw new Error('it waits for PostgreSQL.');
      }
      const port = first?.port ?? (await steadyPort(join(dir, 'event-node.port'), orphanNodeMs));
      aborted.throwIfAborted();
      return slowStep(log, `starting the event node on port ${port}`, () =>
        spawnEventNode({ databaseUrl, port, log }),
      );
    },
    onUp: ({ pid, port }) => health.up('eventlog', { engineProcess: pid, port }),
    onDown: (reason) => health.down('eventlog', `Event node: ${reason}`),
    signal,
  });
  started.add(node.stop);
  return node.first.url;
}

interface Health {
  state(): EngineState;
  up(engine: 'postgres' | 'eventlog', process: { engineProcess: number; port: number }): void;
  down(engine: 'postgres' | 'eventlog', reason: string): void;
}

function engineHealth({ databaseUrl, eventstoreUrl, log, onState }: EnginesOptions): Health {
  const reasons = new Map<string, string>();
  if (databaseUrl === undefined) {
    reasons.set('postgres', 'PostgreSQL is being started.');
  }
  if (eventstoreUrl === undefined) {
    reasons.set('eventlog', 'The event node is being started.');
  }
  const state = (): EngineState => {
    const [reason] = reasons.values();
    return {
      postgres: reasons.has('postgres') ? 'down' : 'up',
      eventlog: reasons.has('eventlog') ? 'down' : 'up',
      ...(reason === undefined ? {} : { reason }),
    };
  };
  return {
    state,
    up: (engine, process) => {
      reasons.delete(engine);
      log.info({ engine, ...process }, `${engine} is up`);
      onState?.(state());
    },
    down: (engine, reason) => {
      if (reasons.get(engine) !== reason) {
        reasons.set(engine, reason);
        log.error({ engine, reason }, `${engine} is down`);
        onState?.(state());
      }
    },
  };
}

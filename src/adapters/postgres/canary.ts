import type { Logger } from 'pino';
import type { Projection } from '../../projections/projection.ts';
import type { Log } from '../eventstore/log.ts';
import { RebuildRunning, rebuild } from './rebuild.ts';
import { scheduled } from './scheduled.ts';

export interface CanaryParts {
  readonly databaseUrl: string;
  readonly eventLog: Pick<Log, 'subscribe'>;
  /** The read models that must be what a fold of the whole log gives. */
  readonly projections: readonly Projection[];
  readonly log: Logger;
}

export interface Canary {
  /** Folds the log once for each and compares; returns those that differ. */
  run(): Promise<readonly string[]>;
  /** Read model → the build of it that differed when it was last looked at; none where nothing did. */
  found(): ReadonlyMap<string, string>;
  /** Every night until it is closed. */
  start(): void;
  close(): Promise<void>;
}

/** Looks whether the read models that finance relies on are what the log says; there must be no difference. */
export function canary({ databaseUrl, eventLog, projections, log }: CanaryParts): Canary {
  const closing = new AbortController();
  const { signal } = closing;
  const found = new Map<string, string>();
  let running: Promise<readonly string[]> | undefined;
  let stop = () => {};

  async function look(projection: Projection): Promise<void> {
    const { name } = projection;
    try {
      const parts = { databaseUrl, eventLog, log, signal };
      const { before, comparison } = await rebuild(projection, parts, { isCanary: true });
      found.delete(name);
      if (comparison.same) return;
      found.set(name, before);
      log.error({ projection: name, comparison }, 'a read model is not what the log says');
    } catch (err) {
      if (signal.aborted || err instanceof RebuildRunning) return;
      log.error({ err, projection: name }, 'a read model could not be compared with the log');
    }
  }

  async function lookAll(): Promise<readonly string[]> {
    for (const projection of projections) if (!signal.aborted) await look(projection);
    return [...found.keys()];
  }

  const run = () => {
    running ??= lookAll().finally(() => (running = undefined));
    return running;
  };
  return {
    run,
    found: () => found,
    start() {
      stop = scheduled({ name: 'the read models’ canary', when: '17 41 3 * * *', work: run, log });
    },
    async close() {
      stop();
      closing.abort();
      await running?.catch(() => undefined);
    },
  };
}

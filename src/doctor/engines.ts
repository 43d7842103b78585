import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { DataDirInUse } from '../adapters/files/data-dir.ts';
import { hasCode } from '../adapters/files/has-code.ts';
import { databaseUrl } from '../adapters/postgres/embedded-database.ts';
import type { Config } from '../config.ts';
import { startEngines } from '../engines.ts';

/** The engines to look at: somebody's, or started for the purpose. */
export interface FoundEngines {
  readonly databaseUrl: string;
  readonly eventstoreUrl: string;
  /** How they were found. */
  readonly how: string;
  stop(): Promise<void>;
}

/** There is nothing to look at; the message says what to set. */
export class NoInstallation extends Error {
  override readonly name = 'NoInstallation';
}

/**
 * The engines that the URLs name; else those of `DATA_DIR`: the running ones, found by the ports they
 * noted there, or, when nothing runs on it, started until `stop`.
 */
export async function findEngines(config: Config, log: Logger): Promise<FoundEngines> {
  const { dataDir, databaseUrl: database, eventstoreUrl } = config;
  if (database && eventstoreUrl) {
    return { databaseUrl: database, eventstoreUrl, how: 'given by URL', stop: async () => {} };
  }
  if (!(database || (await exists(join(dataDir, 'postgres', 'data'))))) {
    throw new NoInstallation(
      `There is no installation in ${dataDir}. Set DATA_DIR to the folder that the program runs on, ` +
        'or DATABASE_URL, EVENTSTORE_URL and MASTER_KEY to those of its engines.',
    );
  }
  try {
    const engines = await startEngines({ dataDir, databaseUrl: database, eventstoreUrl, log });
    return { ...engines, how: `of ${dataDir}, started for this` };
  } catch (error) {
    if (!(error instanceof DataDirInUse)) throw error;
    return {
      databaseUrl: database ?? (await runningPostgres(dataDir)),
      eventstoreUrl: eventstoreUrl ?? (await runningEventNode(dataDir)),
      how: `of ${dataDir}, in use by process ${error.owner.pid}`,
      stop: async () => {},
    };
  }
}

async function runningPostgres(dataDir: string): Promise<string> {
  const port = await noted(dataDir, 'postgres', 'port');
  const password = await noted(dataDir, 'postgres', 'superuser-password');
  return databaseUrl(`postgres://postgres:${password}@127.0.0.1:${port}/`, 'llm_member');
}

const runningEventNode = async (dataDir: string): Promise<string> =>
  `esdb://127.0.0.1:${await noted(dataDir, 'event-node.port')}?tls=false`;

async function noted(...path: readonly string[]): Promise<string> {
  try {
    return (await readFile(join(...path), 'utf8')).trim();
  } catch (cause) {
    throw new NoInstallation(
      `${join(...path)} can't be read. Run this as the user that the program runs as, or set ` +
        'DATABASE_URL, EVENTSTORE_URL and MASTER_KEY (`ROLES=engines npm start` prints the URLs).',
      { cause },
    );
  }
}

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    (error: unknown) => {
      if (hasCode(error, 'ENOENT')) return false;
      throw error;
    },
  );

import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, open, readFile, realpath, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { steadyPort } from '../files/steady-port.ts';
import { slowStep } from '../slow-step.ts';
import type { Binaries } from './embedded-binaries.ts';
import { embeddedBinaries } from './embedded-binaries.ts';
import type { Cluster } from './embedded-cluster.ts';
import { cluster } from './embedded-cluster.ts';
import { databaseUrl } from './embedded-database.ts';
import type { Launcher } from './embedded-launcher.ts';
import { launcher } from './embedded-launcher.ts';
import { readPostmaster, shutDown, stopOrphan } from './embedded-postmaster.ts';
import { embeddedSettings } from './embedded-settings.ts';

export interface EmbeddedPostgres {
  /** The superuser's URL for a database of this server, which need not exist. */
  url(database: string): string;
  port: number;
  pid: number;
  /** Resolves when the server has ended, for whatever reason; never rejects. */
  exited: Promise<void>;
  stop(): Promise<void>;
}

export interface EmbeddedPostgresOptions {
  /** A folder of its own, created if need be; the caller owns it alone. */
  dir: string;
  /** Without it, the port of the last start if that is free, otherwise any free one. */
  port?: number;
  log: Logger;
  settings?: Readonly<Record<string, string>>;
  signal?: AbortSignal;
}

interface Site extends Cluster {
  dir: string;
  binaries: Binaries;
  as: Launcher;
  settings: Readonly<Record<string, string>>;
}

interface Server {
  pid: number;
  isGone(): boolean;
  exited: Promise<void>;
}

const pollMs = 20;
const mostAttempts = 8;
const mostLogBytes = 8 * 1024 * 1024;

/** Starts a PostgreSQL of our own on loopback, first ending one that a killed process left on the same folder. */
export async function startEmbeddedPostgres(
  options: EmbeddedPostgresOptions,
): Promise<EmbeddedPostgres> {
  const { log, signal } = options;
  signal?.throwIfAborted();
  const binaries = await embeddedBinaries();
  await mkdir(options.dir, { recursive: true, mode: 0o700 });
  const dir = await realpath(options.dir);
  const as = await launcher(dir, binaries.postgres);
  const made = await slowStep(log, `initialising PostgreSQL in ${dir}`, () =>
    cluster(dir, binaries.initdb, as, signal),
  );
  await stopOrphan(made.data, log);
  const site: Site = { ...made, dir, binaries, as, settings: options.settings ?? {} };
  return slowStep(log, `starting PostgreSQL in ${dir}`, () => start(site, options));
}

/**
 * A first attempt may fail for reasons that pass: backends of a killed server are still on their way out, or somebody
 * took the port just now.
 */
async function start(
  site: Site,
  { port: fixed, signal }: EmbeddedPostgresOptions,
): Promise<EmbeddedPostgres> {
  for (let attempt = 1; ; attempt += 1) {
    const port = fixed ?? (await notedPort(site));
    const server = await spawnServer(site, port);
    if (await isReady(server, site.data, signal)) {
      const root = `postgres://postgres:${site.password}@127.0.0.1:${port}/`;
      return {
        url: (database) => databaseUrl(root, database),
        port,
        pid: server.pid,
        exited: server.exited,
        stop: () => shutDown(server.pid, server.isGone),
      };
    }
    await shutDown(server.pid, server.isGone);
    signal?.throwIfAborted();
    if (attempt === mostAttempts) {
      throw new Error(`PostgreSQL doesn't start on port ${port}. ${await lastWords(site.dir)}`);
    }
    await sleep(100 * attempt);
  }
}

async function notedPort({ dir, as }: Site): Promise<number> {
  const file = join(dir, 'port');
  const port = await steadyPort(file);
  await as.own(file);
  return port;
}

/** The server's output goes to a file, because it may outlive us and must never write into a broken pipe. */
async function spawnServer(
  { dir, data, binaries, as, settings }: Site,
  port: number,
): Promise<Server> {
  const file = await logFile(dir);
  const output = await open(file, 'a', 0o600);
  try {
    await as.own(file);
    const all = { ...embeddedSettings, ...settings, port: String(port) };
    const child = as.launch(
      binaries.postgres,
      ['-D', data, ...Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`])],
      // Detached, so that Ctrl-C in a terminal doesn't end the database before its users are done.
      { cwd: '/', env: {}, stdio: ['ignore', output.fd, output.fd], detached: true },
    );
    await once(child, 'spawn');
    child.unref();
    return watched(child);
  } finally {
    await output.close();
  }
}

function watched(child: ChildProcess): Server {
  if (child.pid === undefined) {
    throw new Error('PostgreSQL could not be started.');
  }
  return {
    pid: child.pid,
    isGone: () => child.exitCode !== null || child.signalCode !== null,
    exited: new Promise((resolve) => {
      child.once('exit', () => resolve());
    }),
  };
}

/** Waits, through a crash recovery too, until the server takes connections (true) or has ended (false). */
async function isReady(
  server: Server,
  data: string,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  while (!server.isGone() && signal?.aborted !== true) {
    const postmaster = await readPostmaster(data);
    if (postmaster?.pid === server.pid && postmaster.ready) {
      return true;
    }
    await sleep(pollMs);
  }
  return false;
}

async function logFile(dir: string): Promise<string> {
  const file = join(dir, 'server.log');
  const size = await stat(file).then(
    (found) => found.size,
    () => 0,
  );
  if (size > mostLogBytes) {
    await rename(file, `${file}.1`);
  }
  return file;
}

async function lastWords(dir: string): Promise<string> {
  const file = join(dir, 'server.log');
  const text = await readFile(file, 'utf8').catch(() => '');
  return `${file} ends with: ${text.trim().split('\n').slice(-3).join(' / ')}`;
}

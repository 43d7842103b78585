import { existsSync, rmSync } from 'node:fs';
import { glob, mkdtemp, readdir, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pino } from 'pino';
import { claimDataDir } from '../../src/adapters/files/data-dir.ts';
import { isAlive } from '../../src/adapters/files/process-identity.ts';
import { startEmbeddedPostgres } from '../../src/adapters/postgres/embedded.ts';
import { stopOrphan } from '../../src/adapters/postgres/embedded-postmaster.ts';
import { scratchPrefix } from './temporary-folder.ts';

const clusterPrefix = 'llm-member-test-';
const endMs = 10_000;
const log = pino({ level: 'silent' });

/** Starts the one PostgreSQL of a test run, which ends and vanishes with this process, and returns its URL. */
export async function startSharedPostgres(): Promise<string> {
  await sweep();
  const dir = await mkdtemp(join(tmpdir(), clusterPrefix));
  await claimDataDir(dir);
  const server = await startEmbeddedPostgres({
    dir: join(dir, 'postgres'),
    log,
    // What the tests prove about crashes is about processes; the machine itself stays up.
    settings: { fsync: 'off', shared_buffers: '64MB', max_connections: '300' },
  });
  process.once('exit', () => {
    endNow(server.pid, join(dir, 'postgres', 'data', 'postmaster.pid'));
    rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
  });
  for (const signal of ['SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => process.exit(1));
  }
  return server.url('postgres');
}

/** Ends and removes what killed runs left behind. What is another run's or another user's stays. */
async function sweep(): Promise<void> {
  const temporary = await realpath(tmpdir());
  for (const name of await readdir(temporary)) {
    const left = join(temporary, name);
    if (await isLeft(left, name).catch(() => false)) {
      await remove(left).catch(() => {});
    }
  }
}

async function isLeft(path: string, name: string): Promise<boolean> {
  if (name.startsWith(scratchPrefix)) {
    return !(await isAlive(Number.parseInt(name.slice(scratchPrefix.length), 10)));
  }
  // Without a claim yet it belongs to a run that is just starting.
  if (name.startsWith(clusterPrefix) && existsSync(join(path, 'owner'))) {
    await claimDataDir(path);
    return true;
  }
  return false;
}

async function remove(left: string): Promise<void> {
  for await (const pidFile of glob('**/postmaster.pid', { cwd: left })) {
    await stopOrphan(join(left, dirname(pidFile)), log);
  }
  await rm(left, { recursive: true, force: true, maxRetries: 5 });
}

/** An `exit` handler can't wait for promises, nor is a child reaped meanwhile: its pid file says when it is done. */
function endNow(pid: number, pidFile: string): void {
  const clock = new Int32Array(new SharedArrayBuffer(4));
  try {
    process.kill(pid, 'SIGQUIT');
  } catch {
    return;
  }
  for (let waited = 0; existsSync(pidFile) && waited < endMs; waited += 20) {
    Atomics.wait(clock, 0, 0, 20);
  }
}

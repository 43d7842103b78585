import { readFile, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { hasCode } from '../files/has-code.ts';
import { commandLine, isAlive } from '../files/process-identity.ts';

const fastMs = 8_000;
const immediateMs = 8_000;
const pollMs = 25;

/** What the server of a cluster says about itself in `postmaster.pid`. */
export interface Postmaster {
  pid: number;
  ready: boolean;
}

export async function readPostmaster(data: string): Promise<Postmaster | undefined> {
  const text = await readFile(join(data, 'postmaster.pid'), 'utf8').catch(() => '');
  const lines = text.split('\n');
  const pid = Number(lines[0]);
  return Number.isInteger(pid) && pid > 0
    ? { pid, ready: lines[7]?.startsWith('ready') === true }
    : undefined;
}

/**
 * Ends a server in steps: a fast shutdown (SIGINT), an immediate one (SIGQUIT), and for one that hangs SIGKILL.
 * Nothing that was committed is lost by any of them. `isGone` decides before each signal whether it is still the server.
 */
export async function shutDown(
  pid: number,
  isGone: () => boolean | Promise<boolean>,
): Promise<void> {
  const steps = [
    { signal: 'SIGINT', ms: fastMs },
    { signal: 'SIGQUIT', ms: immediateMs },
    { signal: 'SIGKILL', ms: immediateMs },
  ] as const;
  for (const { signal, ms } of steps) {
    if (await isGone()) {
      return;
    }
    signalTo(pid, signal);
    for (let waited = 0; waited < ms; waited += pollMs) {
      if (await isGone()) {
        return;
      }
      await sleep(pollMs);
    }
  }
  throw new Error(`PostgreSQL (process ${pid}) can't be stopped.`);
}

/**
 * Stops the server that a killed process of ours left running on this cluster.
 * Only the owner of the data directory may call it.
 */
export async function stopOrphan(data: string, log: Logger): Promise<void> {
  const left = await readPostmaster(data);
  if (left === undefined || !(await isAlive(left.pid))) {
    return;
  }
  if (!(await servesCluster(left.pid, data))) {
    // The pid belongs to something else by now, but PostgreSQL itself would take that for its predecessor and refuse.
    await rm(join(data, 'postmaster.pid'), { force: true });
    return;
  }
  log.warn(
    { postmaster: left.pid },
    `stopping the PostgreSQL that an earlier process left in ${data}`,
  );
  await shutDown(
    left.pid,
    async () => !((await isAlive(left.pid)) && (await servesCluster(left.pid, data))),
  );
}

async function servesCluster(pid: number, data: string): Promise<boolean> {
  const [program = '', ...args] = await commandLine(pid);
  return /^postgres(\.exe)?$/.test(basename(program)) && args.includes(data);
}

function signalTo(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (!hasCode(error, 'ESRCH')) {
      throw error;
    }
  }
}

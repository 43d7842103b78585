import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';

const Address = z.object({ port: z.int() });

/** Starts a script of this folder in a process of its own; it says its port. */
export async function startServer(script: string, ...args: readonly string[]) {
  const child = fork(join(import.meta.dirname, script), args, { stdio: 'inherit' });
  const [address] = await once(child, 'message');
  const { port } = Address.parse(address);
  return { url: `http://127.0.0.1:${port}`, port, stop: () => child.disconnect() };
}

interface ProcessTimes {
  readonly pid: number;
  readonly parent: number;
  readonly seconds: number;
}

const ticksPerSecond = 100;

/** CPU seconds that a process and all its descendants have used; Linux only, 0 elsewhere. */
export async function cpuSeconds(roots: readonly number[]): Promise<number> {
  const names = await readdir('/proc').catch(() => []);
  const all = await Promise.all(names.filter((name) => /^\d+$/.test(name)).map(timesOf));
  const known = new Set(roots);
  let total = 0;
  // Parents come before children when sorted by pid often enough, but not always: until nothing is new.
  for (let size = -1; size !== known.size; ) {
    size = known.size;
    for (const each of all) if (each && known.has(each.parent)) known.add(each.pid);
  }
  for (const each of all) if (each && known.has(each.pid)) total += each.seconds;
  return total;
}

async function timesOf(pid: string): Promise<ProcessTimes | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  if (!stat) return undefined;
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = [11, 12, 13, 14].map((index) => Number(fields[index])).reduce((a, b) => a + b, 0);
  return { pid: Number(pid), parent: Number(fields[1]), seconds: ticks / ticksPerSecond };
}

/** What the figures were measured on. */
export const hardware = (): string =>
  `${cpus().length} × ${cpus()[0]?.model ?? 'unknown CPU'}, Node ${process.version}, ${process.platform}`;

import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { hasCode } from './has-code.ts';

const run = promisify(execFile);

/** Whether the process is running, whoever it belongs to. One that has ended, but that nobody has reaped, isn't. */
export async function isAlive(pid: number): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (!hasCode(error, 'EPERM')) {
      return false;
    }
  }
  const { state = '' } = (await procStat(pid)) ?? {};
  return !['Z', 'X'].includes(state);
}

/**
 * When the process was started, as an opaque text that no later process with the same id shares;
 * undefined where the system doesn't tell (then only the id is left to go by).
 */
export async function startMark(pid: number): Promise<string | undefined> {
  const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => undefined);
  const stat = await procStat(pid);
  return boot === undefined || stat === undefined ? undefined : `${boot.trim()}/${stat.ticks}`;
}

async function procStat(pid: number): Promise<{ state: string; ticks: string } | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  if (text === undefined) {
    return undefined;
  }
  // The second field is the program's name in brackets and may itself contain spaces and brackets.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return { state: fields[0] ?? '', ticks: fields[19] ?? '' };
}

/** The process's command line, split at its arguments where the system keeps them apart. */
export async function commandLine(pid: number): Promise<readonly string[]> {
  const raw = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => undefined);
  if (raw !== undefined) {
    return raw.split('\0');
  }
  const listed = await run('ps', ['-o', 'command=', '-p', String(pid)]).catch(() => undefined);
  return listed === undefined ? [] : listed.stdout.trim().split(' ');
}

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { scratchPrefix } from './temporary-folder.ts';

/** The whole program in a process of its own, as `npm start` runs it. */
export interface Program {
  readonly url: string;
  readonly pid: number;
  readonly dataDir: string;
  /** All that it printed so far. */
  output(): string;
  /** SIGTERM, and the exit code that follows. */
  stop(): Promise<number | null>;
  /** SIGKILL: no goodbye. */
  kill(): Promise<void>;
}

export const admin = { email: 'ann@example.com', password: 'correct-horse-battery' };

/** A folder for a program's data, for hooks that outlive one test. */
export const newDataDir = (): Promise<string> =>
  mkdtemp(join(tmpdir(), `${scratchPrefix}${process.pid}-`));

export const removeDataDir = (dataDir: string): Promise<void> =>
  rm(dataDir, { recursive: true, force: true, maxRetries: 5 });

export interface EnginesAlone {
  readonly databaseUrl: string;
  readonly eventstoreUrl: string;
  readonly pid: number;
  /** All that it printed so far. */
  output(): string;
  stop(): Promise<number | null>;
}

/** `ROLES=engines`: the embedded engines for other processes, which are given the two URLs. */
export async function startEnginesAlone(dataDir: string): Promise<EnginesAlone> {
  const child = launch({ DATA_DIR: dataDir, ROLES: 'engines' });
  const [, databaseUrl = ''] = await child.printed(/DATABASE_URL=(\S+)/);
  const [, eventstoreUrl = ''] = await child.printed(/EVENTSTORE_URL=(\S+)/);
  return {
    databaseUrl,
    eventstoreUrl,
    pid: child.pid,
    output: child.output,
    stop: () => child.end('SIGTERM'),
  };
}

export type EngineName = 'postgres' | 'eventlog';

/** The process of an engine that runs now, from the newest log line that it is up. */
export function engineOf(
  { output }: Pick<Program, 'output'>,
  engine: EngineName,
): { readonly pid: number; readonly port: number } {
  const lines = output().split('\n');
  const line = lines.filter((each) => each.includes(`${engine} is up`)).at(-1) ?? '{}';
  const up = EngineUp.safeParse(JSON.parse(line));
  if (!up.success) throw new Error(`${engine} has said no pid: ${line}`);
  return { pid: up.data.engineProcess, port: up.data.port };
}

const EngineUp = z.object({ engineProcess: z.int(), port: z.int() });

/** Starts the program on a free port and waits until it listens; on the same folder it starts again. */
export async function startProgram(
  dataDir: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<Program> {
  const child = launch({
    DATA_DIR: dataDir,
    PORT: '0',
    HOST: '127.0.0.1',
    ADMIN_EMAIL: admin.email,
    ADMIN_PASSWORD: admin.password,
    ...environment,
  });
  const [, url = ''] = await child.printed(/(?:ready|runs) at (http:\/\/[\w.:]+)/);
  return {
    url,
    pid: child.pid,
    dataDir,
    output: child.output,
    stop: () => child.end('SIGTERM'),
    kill: async () => {
      await child.end('SIGKILL');
    },
  };
}

/** The program with nothing of this process's environment but the path. */
function launch(environment: Readonly<Record<string, string>>) {
  const child = spawn(process.execPath, ['ops/start.mjs'], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: '/usr/bin:/bin', ...environment },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const exited = once(child, 'exit');
  const ended = () => child.exitCode !== null || child.signalCode !== null;
  return {
    pid: child.pid ?? 0,
    output: () => output,
    async end(signal: NodeJS.Signals): Promise<number | null> {
      if (!ended()) child.kill(signal);
      await exited;
      return child.exitCode;
    },
    /** Waits for something that it prints; throws with all it said when it ends before. */
    async printed(pattern: RegExp): Promise<RegExpExecArray> {
      for (;;) {
        const found = pattern.exec(output);
        if (found) return found;
        if (ended()) throw new Error(`The program ended before it printed ${pattern}:\n${output}`);
        await sleep(50);
      }
    },
  };
}

/** Waits until `/readyz` says 200; what it said before is kept for the failure. */
export async function untilReady(url: string): Promise<void> {
  let answer = 'nothing';
  for (let attempt = 0; attempt < 600; attempt += 1) {
    try {
      const response = await fetch(`${url}/readyz`);
      answer = `${response.status} ${await response.text()}`;
      if (response.ok) return;
    } catch (error) {
      answer = String(error);
    }
    await sleep(100);
  }
  throw new Error(`${url}/readyz still says ${answer}`);
}

/** The newest mail to an address that the program wrote, as text. */
export async function mailTo(dataDir: string, address: string): Promise<string> {
  const folder = join(dataDir, 'mail');
  const names = (await readdir(folder)).filter((name) => name.endsWith('.eml')).sort();
  const mails = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')));
  const mail = mails.filter((text) => text.includes(address)).at(-1);
  if (!mail) throw new Error(`There is no mail to ${address}.`);
  return mail;
}

import type { ChildProcess } from 'node:child_process';
import { fork } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Logger } from 'pino';
import { NodeReport } from './node-messages.ts';

const entry = fileURLToPath(new URL('main.ts', import.meta.url));
const stopTimeoutMs = 10_000;

export interface EventNode {
  /** For `@eventstore/db-client`. */
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** Resolves when the process is gone, for whatever reason. */
  readonly exited: Promise<void>;
  /** Lets it answer what it has accepted, then ends it. */
  stop(): Promise<void>;
}

export interface EventNodeOptions {
  readonly databaseUrl: string;
  /** 0: a free one. */
  readonly port: number;
  /** How long a predecessor's lock is waited for; 10 s unless given. */
  readonly lockTimeoutMs?: number;
  readonly log: Logger;
}

/**
 * Starts the event node as a process of its own and resolves when it listens. It has its own process group, so that
 * Ctrl-C reaches this process first, and it ends when this process does.
 */
export async function spawnEventNode({ log, ...start }: EventNodeOptions): Promise<EventNode> {
  const child = fork(entry, [], {
    detached: true,
    env: {},
    // The newest events outlive many small collections, and each of those would copy them.
    execArgv: ['--max-semi-space-size=32'],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const exited = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  forwardOutput(child, log);
  const listening = firstAnswer(child, exited, log);
  child.send(start);
  const address = await listening;
  log.debug({ pid: child.pid, port: address.port }, 'event node listens');
  return {
    url: address.listening,
    port: address.port,
    pid: child.pid ?? 0,
    exited,
    stop: () => stop(child, exited),
  };
}

function firstAnswer(child: ChildProcess, exited: Promise<void>, log: Logger) {
  return new Promise<{ listening: string; port: number }>((resolve, reject) => {
    child.on('message', (message) => {
      const report = NodeReport.parse(message);
      if ('listening' in report) resolve(report);
      else if ('failed' in report)
        reject(new Error(`The event node did not start: ${report.failed}`));
      else log.error({ pid: child.pid }, report.fault);
    });
    child.once('error', (cause) => reject(new Error('The event node did not start.', { cause })));
    void exited.then(() => reject(new Error('The event node ended before it listened.')));
  });
}

function forwardOutput(child: ChildProcess, log: Logger) {
  for (const output of [child.stdout, child.stderr]) {
    if (output === null) continue;
    createInterface({ input: output }).on('line', (line) => log.warn({ pid: child.pid }, line));
  }
}

async function stop(child: ChildProcess, exited: Promise<void>): Promise<void> {
  child.kill('SIGTERM');
  const impatience = setTimeout(() => child.kill('SIGKILL'), stopTimeoutMs);
  await exited;
  clearTimeout(impatience);
}

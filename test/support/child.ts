import type { SpawnOptions } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export interface Child {
  pid: number;
  /** The next line of its output, or undefined when it has ended. */
  line(): Promise<string | undefined>;
  /** Sends the signal and waits for the end. */
  kill(signal: NodeJS.Signals): Promise<void>;
}

/** Runs a script of `test/support` in a process of its own, which is killed at the latest with the test. */
export function child(
  t: { teardown(end: () => Promise<void>): void },
  script: string,
  args: readonly string[],
  options: Pick<SpawnOptions, 'uid' | 'gid'> = {},
): Child {
  const path = join(import.meta.dirname, script);
  const started = spawn(process.execPath, [path, ...args], {
    ...options,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: started.stdout })[Symbol.asyncIterator]();
  const ended = once(started, 'exit');
  const kill = async (signal: NodeJS.Signals) => {
    started.kill(signal);
    await ended;
  };
  t.teardown(() => kill('SIGKILL'));
  return {
    pid: started.pid ?? 0,
    line: async () => {
      const next = await lines.next();
      return next.done === true ? undefined : next.value;
    },
    kill,
  };
}

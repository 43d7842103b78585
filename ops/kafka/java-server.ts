import { spawn } from 'node:child_process';
import { open } from 'node:fs/promises';
import { Duplex } from 'node:stream';

// The shell becomes Java, whose pid is therefore `$$`. The watcher beside it reads a line when Java has ended, and the
// end of the pipe when this process is gone, however that came about.
const script = '(read -r _ <&3 || kill -9 $$) & exec java "$@" 3<&-';
const stopTimeoutMs = 15_000;

/** What a shell answers for a command that isn't there. */
export const commandNotFound = 127;

export interface JavaServer {
  readonly pid: number;
  /** Resolves with its exit code (null: by a signal) when the process is gone, for whatever reason. */
  readonly exited: Promise<number | null>;
  /** SIGKILL, and waits for the end. */
  kill(): Promise<void>;
  /** SIGTERM, SIGKILL when that takes too long, and waits for the end. */
  stop(): Promise<void>;
}

/**
 * Starts Java in a process group of its own, so that Ctrl-C reaches this process first. All that it prints goes to
 * `logFile`. It ends when this process does.
 */
export async function startJavaServer(
  args: readonly string[],
  cwd: string,
  logFile: string,
): Promise<JavaServer> {
  const output = await open(logFile, 'w', 0o600);
  const child = spawn('sh', ['-c', script, 'sh', ...args], {
    cwd,
    detached: true,
    stdio: ['ignore', output.fd, output.fd, 'pipe'],
  });
  const exited = new Promise<number | null>((resolve) => {
    child.once('exit', resolve);
    child.once('error', () => resolve(null));
  });
  await output.close();
  const pipe = child.stdio[3];
  if (pipe instanceof Duplex) {
    pipe.on('error', () => {});
    void exited.then(() => pipe.end('\n'));
  }
  const end = async (signal: NodeJS.Signals) => {
    child.kill(signal);
    await exited;
  };
  return {
    pid: child.pid ?? 0,
    exited,
    kill: () => end('SIGKILL'),
    async stop() {
      const impatience = setTimeout(() => child.kill('SIGKILL'), stopTimeoutMs);
      await end('SIGTERM');
      clearTimeout(impatience);
    },
  };
}

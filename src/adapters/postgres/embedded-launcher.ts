import type { ChildProcess, SpawnOptions } from 'node:child_process';
import { spawn } from 'node:child_process';
import {
  access,
  chown,
  constants,
  lchown,
  readdir,
  readFile,
  realpath,
  stat,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** Runs PostgreSQL's programs as a user they accept: they refuse to run as root. */
export interface Launcher {
  launch(program: string, args: readonly string[], options: SpawnOptions): ChildProcess;
  /** Gives a file or folder of ours to the user that PostgreSQL runs as. */
  own(path: string): Promise<void>;
}

interface User {
  uid: number;
  gid: number;
}

// "nobody" on every Linux; the number matters, not whether the system has a name for it.
const nobody: User = { uid: 65_534, gid: 65_534 };

const capabilities = [
  { name: 'dac_read_search', bit: 2n },
  { name: 'dac_override', bit: 1n },
];

/** The launcher for a cluster in `dir`, which exists, and the program `postgres`. */
export async function launcher(dir: string, postgres: string): Promise<Launcher> {
  if (process.getuid?.() !== 0) {
    await access(dir, constants.R_OK | constants.W_OK | constants.X_OK).catch((cause: unknown) => {
      throw new Error(`${dir} belongs to another user: start as that user or as root.`, { cause });
    });
    return {
      launch: (program, args, options) => spawn(program, args, options),
      own: () => Promise.resolve(),
    };
  }
  const user = await ownerOf(dir);
  await ownTree(dir, user);
  const blocked = (await firstBlocked(postgres, user)) ?? (await firstBlocked(dir, user));
  const prefix = blocked === undefined ? [] : await passThrough(user, blocked, postgres);
  const [wrapper, ...wrapperArgs] = prefix;
  return {
    launch: (program, args, options) =>
      wrapper === undefined
        ? spawn(program, args, { ...options, ...user })
        : spawn(wrapper, [...wrapperArgs, program, ...args], options),
    own: (path) => chown(path, user.uid, user.gid),
  };
}

/** A cluster that an ordinary user made stays that user's, so that both can start it. */
async function ownerOf(dir: string): Promise<User> {
  const { uid, gid } = await stat(dir);
  return uid === 0 ? nobody : { uid, gid };
}

async function ownTree(dir: string, user: User): Promise<void> {
  if ((await stat(dir)).uid === user.uid) {
    return;
  }
  for (const entry of await readdir(dir, { recursive: true, withFileTypes: true })) {
    await lchown(join(entry.parentPath, entry.name), user.uid, user.gid);
  }
  // Last, because this is what says that the rest is done.
  await chown(dir, user.uid, user.gid);
}

/** The first folder on the way to `path`, itself included, that the user may not pass through. */
export async function firstBlocked(path: string, user: User): Promise<string | undefined> {
  const way = [await realpath(path)];
  for (let at = dirname(way[0] ?? path); at !== way[0]; at = dirname(at)) {
    way.unshift(at);
  }
  for (const step of way) {
    const { mode, uid, gid } = await stat(step);
    const shift = uid === user.uid ? 6 : gid === user.gid ? 3 : 0;
    if (((mode >> shift) & 1) === 0) {
      return step;
    }
  }
  return undefined;
}

/**
 * util-linux's setpriv changes the user and keeps the one capability of passing through folders, so that a checkout or
 * DATA_DIR below /root works without touching the modes of folders that aren't ours.
 */
async function passThrough(user: User, blocked: string, postgres: string): Promise<string[]> {
  const capability = await usableCapability();
  for (const program of ['/usr/bin/setpriv', '/bin/setpriv']) {
    if (capability !== undefined && (await isExecutable(program))) {
      const command = [
        program,
        `--reuid=${user.uid}`,
        `--regid=${user.gid}`,
        '--clear-groups',
        // Without it access(2), with which PostgreSQL looks for its own programs, disregards the capability.
        '--securebits=+no_setuid_fixup',
        `--inh-caps=-all,+${capability}`,
        `--ambient-caps=-all,+${capability}`,
        `--bounding-set=-all,+${capability}`,
      ];
      if (await succeeds([...command, postgres, '--version'])) {
        return command;
      }
    }
  }
  throw new Error(
    `PostgreSQL refuses to run as root, and user ${user.uid} may not pass through ${blocked}. ` +
      `Start as an ordinary user, or put the program and DATA_DIR below folders that everybody may pass through ` +
      `(chmod o+x ${blocked}), or set DATABASE_URL.`,
  );
}

async function usableCapability(): Promise<string | undefined> {
  const status = await readFile('/proc/self/status', 'utf8').catch(() => '');
  const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? '0';
  const bits = BigInt(`0x${effective}`);
  return capabilities.find(({ bit }) => ((bits >> bit) & 1n) === 1n)?.name;
}

function isExecutable(program: string): Promise<boolean> {
  return access(program, constants.X_OK).then(
    () => true,
    () => false,
  );
}

function succeeds([program = '', ...args]: readonly string[]): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn(program, args, { stdio: 'ignore', env: {} });
    child.once('error', () => resolve(false));
    child.once('exit', (code) => resolve(code === 0));
  });
}

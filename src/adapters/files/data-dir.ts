import { randomUUID } from 'node:crypto';
import { link, mkdir, readdir, readFile, realpath, rename, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { hasCode } from './has-code.ts';
import { isAlive, startMark } from './process-identity.ts';

const Owner = z.object({
  pid: z.int().positive(),
  startMark: z.string().optional(),
  since: z.string(),
  url: z.string().optional(),
  released: z.boolean().default(false),
});
export type Owner = z.infer<typeof Owner>;

/** The data directory belongs to a running process. */
export class DataDirInUse extends Error {
  readonly owner: Owner;
  constructor(dir: string, owner: Owner) {
    const where = owner.url === undefined ? '' : ` at ${owner.url}`;
    super(
      `${dir} is in use by process ${owner.pid} (since ${owner.since}${where}). ` +
        'Stop that process, or give this one another DATA_DIR.',
    );
    this.name = 'DataDirInUse';
    this.owner = owner;
  }
}

export interface Claim {
  release(): Promise<void>;
}

/** Creates the data directory if need be and returns its real path. */
export async function openDataDir(path: string): Promise<string> {
  // As root, PostgreSQL runs under another user, who has to pass through, but not to list. Secrets are files of mode 0600.
  const mode = process.getuid?.() === 0 ? 0o711 : 0o700;
  await mkdir(resolve(path), { recursive: true, mode });
  return realpath(path);
}

/**
 * Makes this process the one owner of the directory's engines until `release`, or throws `DataDirInUse`.
 * An owner that is gone, or whose pid now belongs to another process, is replaced.
 *
 * The claims are numbered files, created atomically with their content, and the highest number owns: of several
 * processes that find the same stale claim only one can create its successor.
 */
export async function claimDataDir(dir: string, url?: string): Promise<Claim> {
  const folder = join(dir, 'owner');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  for (;;) {
    const current = await highest(folder);
    const owner = current === 0 ? undefined : await readOwner(join(folder, String(current)));
    if (owner !== undefined && (await isRunning(owner))) {
      throw new DataDirInUse(dir, owner);
    }
    const mine = current + 1;
    if (!(await create(folder, mine, await self(url)))) {
      continue;
    }
    // Whoever was suspended since it read `current` may have created a number that was used and removed meanwhile.
    if ((await highest(folder)) !== mine) {
      await rm(join(folder, String(mine)), { force: true });
      continue;
    }
    await removeBelow(folder, mine);
    return { release: () => release(folder, mine) };
  }
}

async function self(url: string | undefined): Promise<Owner> {
  return {
    pid: process.pid,
    startMark: await startMark(process.pid),
    since: new Date(Date.now() - process.uptime() * 1000).toISOString(),
    url,
    released: false,
  };
}

async function isRunning(owner: Owner): Promise<boolean> {
  if (owner.released || !(await isAlive(owner.pid))) {
    return false;
  }
  const mark = await startMark(owner.pid);
  return mark === undefined || owner.startMark === undefined || mark === owner.startMark;
}

/** Undefined when the file is gone or was cut short by a crash of the machine. */
async function readOwner(file: string): Promise<Owner | undefined> {
  try {
    return Owner.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch {
    return undefined;
  }
}

async function create(folder: string, number: number, owner: Owner): Promise<boolean> {
  const draft = join(folder, `draft-${randomUUID()}`);
  await writeFile(draft, JSON.stringify(owner), { mode: 0o600, flush: true });
  try {
    await link(draft, join(folder, String(number)));
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) {
      return false;
    }
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
}

/** A released claim stays as a file, so that the numbers never start again. */
async function release(folder: string, number: number): Promise<void> {
  const draft = join(folder, `draft-${randomUUID()}`);
  await writeFile(draft, JSON.stringify({ ...(await self(undefined)), released: true }), {
    mode: 0o600,
  });
  await rename(draft, join(folder, String(number)));
}

async function highest(folder: string): Promise<number> {
  return Math.max(0, ...(await numbers(folder)));
}

async function removeBelow(folder: string, number: number): Promise<void> {
  for (const old of await numbers(folder)) {
    if (old < number) {
      await rm(join(folder, String(old)), { force: true });
    }
  }
}

async function numbers(folder: string): Promise<readonly number[]> {
  const names = await readdir(folder);
  return names.filter((name) => /^\d+$/.test(name)).map(Number);
}

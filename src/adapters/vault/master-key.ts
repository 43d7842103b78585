import { randomBytes, randomUUID } from 'node:crypto';
import { link, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hasCode } from '../files/has-code.ts';

/** The master key is there but can't be used as it is; the message says what to do. */
export class MasterKeyUnusable extends Error {
  override readonly name = 'MasterKeyUnusable';
}

/**
 * The key that everything in the vault is under: the one given (base64), or that of
 * `DATA_DIR/master.key`, which is made at the first start and read by nobody but its owner.
 */
export async function masterKey(dataDir: string, given?: string): Promise<Buffer> {
  if (given !== undefined) return checked(given, 'MASTER_KEY');
  const path = join(dataDir, 'master.key');
  const found = await read(path);
  if (found !== undefined) return found;
  await create(dataDir, path);
  const made = await read(path);
  if (made === undefined) throw new MasterKeyUnusable(`${path} vanished while it was made.`);
  return made;
}

async function read(path: string): Promise<Buffer | undefined> {
  try {
    const { mode } = await stat(path);
    if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
      throw new MasterKeyUnusable(
        `${path} can be read by others. Run: chmod 600 ${path} (and consider who has seen it).`,
      );
    }
    return checked(await readFile(path, 'utf8'), path);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/** Appears whole or not at all, and only once, whoever else starts at the same moment. */
async function create(dataDir: string, path: string): Promise<void> {
  await mkdir(dataDir, { recursive: true });
  const draft = join(dataDir, `master.key.${randomUUID()}`);
  const text = `${randomBytes(32).toString('base64')}\n`;
  await writeFile(draft, text, { mode: 0o600, flag: 'wx', flush: true });
  try {
    await link(draft, path);
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error;
  } finally {
    await rm(draft, { force: true });
  }
}

function checked(text: string, where: string): Buffer {
  const key = Buffer.from(text.trim(), 'base64');
  if (key.length === 32) return key;
  throw new MasterKeyUnusable(`${where} is not 32 bytes in base64.`);
}

import { createHash, randomUUID } from 'node:crypto';
import { link, open, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createZstdCompress } from 'node:zlib';
import { hasCode } from '../adapters/files/has-code.ts';
import type { Header, Line } from './format.ts';

/** A file is there already; it is never replaced. */
export class FileExists extends Error {
  override readonly name = 'FileExists';
}

/**
 * Writes a backup under another name and gives it its own when all of it is on the disk, so that what
 * has the name is whole. `lines` are pulled one by one: memory holds one of them.
 */
export async function writeBackup(
  path: string,
  header: Header,
  lines: AsyncIterable<Exclude<Line, readonly ['end', string]>>,
): Promise<void> {
  const draft = join(dirname(path), `.${basename(path)}.${randomUUID()}.part`);
  const file = await open(draft, 'wx', 0o600);
  try {
    const first = lineOf(header);
    await file.write(first);
    const rest = file.createWriteStream({ flush: true });
    await pipeline(hashed(first, lines), createZstdCompress(), rest);
    await name(draft, path);
  } finally {
    await file.close();
    await rm(draft, { force: true });
  }
}

async function* hashed(first: Buffer, lines: AsyncIterable<Line>): AsyncGenerator<Buffer> {
  const hash = createHash('sha256').update(first);
  for await (const line of lines) {
    const bytes = lineOf(line);
    hash.update(bytes);
    yield bytes;
  }
  yield lineOf(['end', hash.digest('hex')]);
}

const lineOf = (value: Header | Line): Buffer => Buffer.from(`${JSON.stringify(value)}\n`);

/** A link, because a renamed file would replace what has the name. */
async function name(draft: string, path: string): Promise<void> {
  try {
    await link(draft, path);
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error;
    throw new FileExists(`${path} is there already, and stays as it is.`, { cause: error });
  }
  if (process.platform === 'win32') return;
  const folder = await open(dirname(path));
  await folder.sync();
  await folder.close();
}

import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { createZstdDecompress } from 'node:zlib';
import { BackupUnusable, formatVersion, Header, Line, Mark } from './format.ts';

const mostHeaderBytes = 64 * 1024;
const newline = 0x0a;

export type Content = Exclude<Line, readonly ['end', string]>;

/** A backup's header, and its lines as often as they are asked for. */
export interface Backup {
  readonly header: Header;
  /** Throws `BackupUnusable` at the first sign that something is other than it was written. */
  lines(): AsyncGenerator<Content>;
}

export async function readBackup(path: string): Promise<Backup> {
  const first = await firstLine(path);
  const header = headerOf(path, first);
  return { header, lines: () => lines(path, first) };
}

async function firstLine(path: string): Promise<Buffer> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(mostHeaderBytes), 0);
    const end = buffer.subarray(0, bytesRead).indexOf(newline);
    if (end < 0) throw new BackupUnusable(`${path} is no backup: it has no first line.`);
    return buffer.subarray(0, end + 1);
  } finally {
    await file.close();
  }
}

function headerOf(path: string, first: Buffer): Header {
  const value = parsed(path, first);
  const mark = Mark.safeParse(value);
  if (!mark.success) throw new BackupUnusable(`${path} is no backup of this program.`);
  if (mark.data.version !== formatVersion) {
    throw new BackupUnusable(
      `${path} has format ${mark.data.version}, and this release reads format ${formatVersion}: ` +
        'restore it with the release that made it.',
    );
  }
  const header = Header.safeParse(value);
  if (!header.success) throw damaged(path, 'its first line is not whole', header.error);
  return header.data;
}

async function* lines(path: string, first: Buffer): AsyncGenerator<Content> {
  const hash = createHash('sha256').update(first);
  let ended = false;
  for await (const bytes of split(path, first.length)) {
    if (ended) throw damaged(path, 'something follows its end');
    const line = Line.safeParse(parsed(path, bytes));
    if (!line.success) throw damaged(path, 'a line is none of a backup', line.error);
    if (line.data[0] === 'end') {
      if (line.data[1] !== hash.digest('hex')) throw damaged(path, 'its checksum is another');
      ended = true;
    } else {
      hash.update(bytes);
      yield line.data;
    }
  }
  if (!ended) throw damaged(path, 'its end is missing');
}

/** The lines after the first, each with its newline. */
async function* split(path: string, start: number): AsyncGenerator<Buffer> {
  let parts: Buffer[] = [];
  for await (let chunk of unzipped(path, start)) {
    for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline)) {
      yield Buffer.concat([...parts, chunk.subarray(0, end + 1)]);
      parts = [];
      chunk = chunk.subarray(end + 1);
    }
    if (chunk.length > 0) parts.push(chunk);
  }
  if (parts.length > 0) throw damaged(path, 'it breaks off within a line');
}

async function* unzipped(path: string, start: number): AsyncGenerator<Buffer> {
  const file = createReadStream(path, { start });
  const unzip = createZstdDecompress();
  file.once('error', (error) => unzip.destroy(error));
  try {
    for await (const chunk of file.pipe(unzip)) yield Buffer.from(chunk);
  } catch (error) {
    throw damaged(path, 'it can’t be decompressed', error);
  } finally {
    file.destroy();
  }
}

function parsed(path: string, bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch (error) {
    throw damaged(path, 'a line is no JSON', error);
  }
}

const damaged = (path: string, how: string, cause?: unknown): BackupUnusable =>
  new BackupUnusable(`${path} is damaged: ${how}. Nothing of it is used.`, { cause });

import type { IncomingMessage } from 'node:http';
import { ApiError } from './errors.ts';

/** Past this much of a refused body the caller is not listened to any longer. */
const drainBytes = 64 * 1024 * 1024;

/** Reads and parses a body; refuses what is too large, compressed, or not what its type says. */
export async function readBody(
  request: IncomingMessage,
  accepts: 'json' | 'form',
  limitBytes: number,
): Promise<unknown> {
  refuseForeign(request, accepts);
  const text = decoded(await readBytes(request, limitBytes));
  return accepts === 'form' ? Object.fromEntries(new URLSearchParams(text)) : fromJson(text);
}

function refuseForeign({ headers }: IncomingMessage, accepts: 'json' | 'form'): void {
  const type = headers['content-type']?.split(';')[0]?.trim().toLowerCase();
  const encoding = headers['content-encoding'] ?? 'identity';
  const fits =
    accepts === 'form'
      ? type === 'application/x-www-form-urlencoded'
      : type === undefined || type === '' || /^application\/(.+\+)?json$/.test(type);
  if (!fits || encoding !== 'identity') throw new ApiError('unsupported_media_type');
}

function readBytes(request: IncomingMessage, limitBytes: number): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const chunks: Buffer[] = [];
  let length = 0;
  const done = () => {
    if (length <= limitBytes) resolve(Buffer.concat(chunks));
    else reject(new ApiError('body_too_large', { values: { limit: limitBytes } }));
  };
  // A client that is still sending would see a reset instead of the answer, so the rest is read too.
  request.on('data', (chunk: Buffer) => {
    length += chunk.length;
    if (length <= limitBytes) chunks.push(chunk);
    else chunks.length = 0;
    if (length <= drainBytes) return;
    done();
    request.destroy();
  });
  request.on('end', done);
  const brokenOff = (cause?: unknown) => reject(new ApiError('invalid_request', { cause }));
  request.on('error', brokenOff);
  request.on('close', () => {
    if (!request.readableEnded) brokenOff();
  });
  // Whoever left before anybody listened is not heard leaving.
  if (request.destroyed) brokenOff();
  return promise;
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

function decoded(bytes: Buffer): string {
  try {
    return utf8.decode(bytes);
  } catch (error) {
    throw new ApiError('invalid_json', { cause: error });
  }
}

function fromJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ApiError('invalid_json', { cause: error });
  }
}

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

async function readBytes(request: IncomingMessage, limitBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  // A client that is still sending would see a reset instead of the answer, so the rest is read too.
  for await (const chunk of request) {
    length += chunk.length;
    if (length <= limitBytes) chunks.push(chunk);
    else chunks.length = 0;
    if (length > drainBytes) break;
  }
  if (length > limitBytes) throw new ApiError('body_too_large', { values: { limit: limitBytes } });
  return Buffer.concat(chunks);
}

function decoded(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
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

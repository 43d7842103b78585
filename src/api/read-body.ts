import type { IncomingMessage } from 'node:http';
import { mostParts, sprawlOf } from '../domain/json-sprawl.ts';
import type { BodyPlace } from './body-room.ts';
import { ApiError } from './errors.ts';
import { formReader } from './read-form.ts';

/** What a body is sent as. */
export type Accepts = 'json' | 'form' | 'multipart';

const fits: Readonly<Record<Accepts, (type: string) => boolean>> = {
  json: (type) => type === '' || /^application\/(.+\+)?json$/.test(type),
  form: (type) => type === 'application/x-www-form-urlencoded',
  multipart: (type) => type === 'multipart/form-data',
};

/** What the code itself doesn't say. */
const wanted = { json: undefined, form: 'form_wanted', multipart: 'multipart_wanted' } as const;

/** Past this much of a refused body the caller is not listened to any longer. */
const drainBytes = 64 * 1024 * 1024;

export interface BodyTerms {
  readonly accepts: Accepts;
  readonly limitBytes: number;
  readonly place: BodyPlace;
}

/**
 * Reads and parses a body; refuses what is too large, compressed, or not what its type says, and what
 * there is no room for now.
 */
export async function readBody(request: IncomingMessage, terms: BodyTerms): Promise<unknown> {
  const { accepts, limitBytes } = terms;
  refuseForeign(request, accepts);
  if (accepts === 'multipart') {
    const reader = formReader(request.headers, limitBytes);
    await listen(request, terms, reader.push);
    return reader.end();
  }
  const chunks: Buffer[] = [];
  await listen(request, terms, (chunk) => void chunks.push(chunk));
  const bytes = Buffer.concat(chunks);
  return accepts === 'form'
    ? Object.fromEntries(new URLSearchParams(decoded(bytes)))
    : fromJson(bytes);
}

function refuseForeign({ headers }: IncomingMessage, accepts: Accepts): void {
  const type = headers['content-type']?.split(';')[0]?.trim().toLowerCase();
  const encoding = headers['content-encoding']?.trim().toLowerCase() ?? 'identity';
  if (encoding !== 'identity') throw new ApiError('unsupported_media_type', { why: 'compressed' });
  if (!fits[accepts](type ?? '')) {
    throw new ApiError('unsupported_media_type', wanted[accepts] && { why: wanted[accepts] });
  }
}

/** Hands on what comes until it is all there. */
function listen(
  request: IncomingMessage,
  { limitBytes, place }: BodyTerms,
  take: (chunk: Buffer) => void,
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let length = 0;
  let hasRoom = true;
  const done = () => {
    if (length > limitBytes) {
      reject(new ApiError('body_too_large', { values: { limit: limitBytes } }));
    } else if (hasRoom) resolve();
    else reject(new ApiError('unavailable', { why: 'bodies_full' }));
  };
  // A client that is still sending would see a reset instead of the answer, so the rest is read too.
  request.on('data', (chunk: Buffer) => {
    length += chunk.length;
    hasRoom &&= length <= limitBytes && place.take(chunk.length);
    if (hasRoom) take(chunk);
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

function fromJson(bytes: Buffer): unknown {
  // Each part takes two bytes; how deep a short text is nested is looked at in its value.
  const why = bytes.length > 2 * mostParts ? sprawlOf(bytes) : undefined;
  if (why) throw new ApiError('invalid_request', { why });
  const text = decoded(bytes);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ApiError('invalid_json', { cause: error });
  }
}

import { Buffer } from 'node:buffer';
import type { Upload } from '../form.ts';

/** How long a sound is. */
export interface Sound {
  /** As near as its bytes tell. */
  readonly seconds: number;
  /** It is not longer. */
  readonly mostSeconds: number;
}

/** No codec for speech in wide use takes less: 8 kbit/s. A sound that does is longer than was held for it. */
const leastBytesPerSecond = 1_000;
/** What speech is usually recorded at: 64 kbit/s. */
const usualBytesPerSecond = 8_000;

/** How long a sound is as far as its bytes tell: as it probably is, and never less than it is. */
export function soundOf({ bytes }: Pick<Upload, 'bytes'>): Sound {
  const perSecond = bytesPerSecondOf(bytes);
  const secondsOf = (length: number, rate: number) => Math.max(1, Math.ceil(length / rate));
  return {
    seconds: perSecond
      ? secondsOf(soundBytesIn(bytes), perSecond)
      : secondsOf(bytes.length, usualBytesPerSecond),
    mostSeconds: secondsOf(bytes.length, perSecond ?? leastBytesPerSecond),
  };
}

/**
 * Each sample by itself, and its most bytes: PCM, floats, A-law, µ-law. What is packed is longer than its
 * bytes say.
 */
const plain = new Map([
  [1, 8],
  [3, 8],
  [6, 1],
  [7, 1],
]);
const extensible = 0xfffe;

/**
 * A WAVE file says it in its `fmt ` chunk; undefined for a packed one, or none. It says it more than once,
 * and decoders go by one or the other: the longest that a sound can be is taken.
 */
export function bytesPerSecondOf(bytes: Uint8Array): number | undefined {
  const format = formatOf(bytes);
  if (!format || format.length < 16) return undefined;
  const tag = format.readUInt16LE(0);
  const coded = tag === extensible && format.length >= 26 ? format.readUInt16LE(24) : tag;
  const mostOfSample = plain.get(coded);
  if (mostOfSample === undefined) return undefined;
  const ofSample = Math.min(mostOfSample, Math.ceil(format.readUInt16LE(14) / 8));
  const ofAll = Math.min(format.readUInt16LE(12), format.readUInt16LE(2) * ofSample);
  const rate = Math.min(format.readUInt32LE(8), format.readUInt32LE(4) * ofAll);
  return rate >= leastBytesPerSecond ? rate : undefined;
}

/**
 * What of a WAVE file is sound: all that it doesn't say to be something else, so that a length that is
 * false hides nothing. Never more than the bytes that there are.
 */
function soundBytesIn(bytes: Uint8Array): number {
  let sound = 0;
  let at = headLength;
  for (const { id, from, length, end } of chunksIn(bytes)) {
    const isWhole = from + length <= bytes.length;
    // Such a length is written by who doesn't know it yet.
    if (id === 'data' && (length === 0 || !isWhole)) return sound + bytes.length - from;
    // In the midst of a sound nothing has a name.
    if (!(isWhole && /^[ -~]{4}$/.test(id))) break;
    if (id === 'data') sound += length;
    at = end;
  }
  return sound + Math.max(0, bytes.length - at);
}

function formatOf(bytes: Uint8Array): Buffer | undefined {
  for (const { id, from, length, file } of chunksIn(bytes)) {
    if (id === 'fmt ') return file.subarray(from, from + length);
  }
  return undefined;
}

/** A part of a WAVE file, whose length may be a lie. */
interface Chunk {
  readonly file: Buffer;
  readonly id: string;
  readonly from: number;
  readonly length: number;
  /** An odd length is filled up. */
  readonly end: number;
}

const headLength = 12;
/** Recorders put some before the one that is looked for. */
const mostChunks = 32;

function* chunksIn(bytes: Uint8Array): Generator<Chunk, void, undefined> {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const textAt = (at: number) => file.toString('latin1', at, at + 4);
  if (textAt(0) !== 'RIFF' || textAt(8) !== 'WAVE') return;
  let at = headLength;
  for (let chunk = 0; chunk < mostChunks && at + 8 <= file.length; chunk += 1) {
    const length = file.readUInt32LE(at + 4);
    const from = at + 8;
    const end = from + length + (length % 2);
    yield { file, id: textAt(at), from, length, end };
    at = end;
  }
}

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

export function soundOf({ bytes }: Pick<Upload, 'bytes'>): Sound {
  const perSecond = bytesPerSecondOf(bytes);
  const at = (rate: number) => Math.max(1, Math.ceil(bytes.length / rate));
  return {
    seconds: at(perSecond ?? usualBytesPerSecond),
    mostSeconds: at(perSecond ?? leastBytesPerSecond),
  };
}

/** Each sample by itself: PCM, floats, A-law, µ-law. What is packed is longer than its bytes say. */
const plain = [1, 3, 6, 7];
const extensible = 0xfffe;

/**
 * A WAVE file says it in its head, whose first chunk is `fmt `. Decoders go by how many samples a second
 * has, and how large they are: the byte rate beside that may say anything.
 */
function bytesPerSecondOf(bytes: Uint8Array): number | undefined {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 46));
  const isWave =
    head.length === 46 &&
    head.toString('latin1', 0, 4) === 'RIFF' &&
    head.toString('latin1', 8, 16) === 'WAVEfmt ';
  if (!isWave) return undefined;
  const format = head.readUInt16LE(20);
  const isPlain = plain.includes(format === extensible ? head.readUInt16LE(44) : format);
  if (!isPlain) return undefined;
  const ofSample = head.readUInt16LE(22) * Math.ceil(head.readUInt16LE(34) / 8);
  const rate = Math.min(head.readUInt32LE(28), head.readUInt32LE(24) * ofSample);
  return rate >= leastBytesPerSecond ? rate : undefined;
}

import { Buffer } from 'node:buffer';
import type { Upload } from '../form.ts';

/** How long an uploaded sound is. */
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

export function soundOf({ bytes }: Upload): Sound {
  const perSecond = bytesPerSecondOf(bytes);
  const at = (rate: number) => Math.max(1, Math.ceil(bytes.length / rate));
  return {
    seconds: at(perSecond ?? usualBytesPerSecond),
    mostSeconds: at(perSecond ?? leastBytesPerSecond),
  };
}

/** A WAVE file says it in its head: `fmt ` is its first chunk, its byte rate stands at 28. */
function bytesPerSecondOf(bytes: Uint8Array): number | undefined {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 44));
  const isWave =
    head.length === 44 &&
    head.toString('latin1', 0, 4) === 'RIFF' &&
    head.toString('latin1', 8, 16) === 'WAVEfmt ';
  if (!isWave) return undefined;
  const rate = head.readUInt32LE(28);
  return rate >= leastBytesPerSecond ? rate : undefined;
}

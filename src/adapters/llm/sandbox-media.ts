import { Buffer } from 'node:buffer';
import { crc32, deflateSync } from 'node:zlib';

const side = 64;

/** A picture in one colour, as PNG. */
export function picture([red = 0, green = 0, blue = 0]: Uint8Array): Buffer {
  const row = Buffer.concat([
    Buffer.of(0),
    ...Array.from({ length: side }, () => Buffer.of(red, green, blue)),
  ]);
  const head = Buffer.alloc(13);
  head.writeUInt32BE(side, 0);
  head.writeUInt32BE(side, 4);
  // Eight bits of each of three colours, nothing interlaced.
  head.set([8, 2, 0, 0, 0], 8);
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    pngPart('IHDR', head),
    pngPart('IDAT', deflateSync(Buffer.concat(Array.from({ length: side }, () => row)))),
    pngPart('IEND', Buffer.alloc(0)),
  ]);
}

function pngPart(name: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(name, 'latin1'), data]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, sum]);
}

/** Samples a second, of 16 bits each, as speech from models usually has. */
const rate = 24_000;
const msPerCharacter = 20;

/** A tone for each character, as bare samples or as WAVE; MP3 is silence of the same length. */
export function sound(text: string, format: 'pcm' | 'wav' | 'mp3'): Buffer {
  const characters = [...text];
  if (format === 'mp3') return silence(characters.length * msPerCharacter);
  const each = (rate * msPerCharacter) / 1_000;
  const samples = Buffer.alloc(2 * each * characters.length);
  for (const [place, character] of characters.entries()) {
    const pitch = 200 + ((character.codePointAt(0) ?? 0) % 32) * 20;
    for (let at = 0; at < each; at += 1) {
      const wave = Math.sin((2 * Math.PI * pitch * at) / rate);
      samples.writeInt16LE(Math.round(4_000 * wave), 2 * (place * each + at));
    }
  }
  return format === 'pcm' ? samples : Buffer.concat([waveHead(samples.length), samples]);
}

function waveHead(length: number): Buffer {
  const head = Buffer.alloc(44);
  head.write('RIFF', 0, 'latin1');
  head.writeUInt32LE(36 + length, 4);
  head.write('WAVEfmt ', 8, 'latin1');
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(rate, 24);
  head.writeUInt32LE(2 * rate, 28);
  head.writeUInt16LE(2, 32);
  head.writeUInt16LE(16, 34);
  head.write('data', 36, 'latin1');
  head.writeUInt32LE(length, 40);
  return head;
}

/** Frames of MPEG-1 layer III at 128 kbit/s and 44.1 kHz that say nothing: 26 ms in 417 bytes. */
function silence(ms: number): Buffer {
  const frame = Buffer.alloc(417);
  frame.set([0xff, 0xfb, 0x90, 0x64]);
  return Buffer.concat(Array.from({ length: Math.max(1, Math.ceil(ms / 26)) }, () => frame));
}

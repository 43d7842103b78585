import { Buffer } from 'node:buffer';

export interface Size {
  readonly width: number;
  readonly height: number;
}

const inline = /^data:image\/[\w.+-]+;base64,/;
/** A JPEG may carry so much (a profile, a preview) before it says how large it is. */
const headCharacters = 512 * 1_024;

/** How large a picture in a `data:` URL is, by its own header; undefined where that doesn't tell. */
export function pictureSize(url: string): Size | undefined {
  const [prefix] = inline.exec(url.slice(0, 100)) ?? [];
  if (prefix === undefined) return undefined;
  const bytes = Buffer.from(url.slice(prefix.length, prefix.length + headCharacters), 'base64');
  const size = [png, jpeg, webp].map((read) => read(bytes)).find((each) => each !== undefined);
  return size && size.width > 0 && size.height > 0 ? size : undefined;
}

const pngMark = Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex');

function png(bytes: Buffer): Size | undefined {
  if (bytes.length < 24 || !bytes.subarray(0, 16).equals(pngMark)) return undefined;
  return { width: bytes.readUInt32BE(16), height: bytes.readUInt32BE(20) };
}

/** Its segments, each with its length, up to the one that begins the frame. */
function jpeg(bytes: Buffer): Size | undefined {
  if (bytes.length < 4 || bytes.readUInt16BE(0) !== 0xffd8) return undefined;
  for (let at = 2; at + 9 <= bytes.length; at += 2 + bytes.readUInt16BE(at + 2)) {
    if (bytes[at] !== 0xff) return undefined;
    const kind = bytes[at + 1] ?? 0;
    if (isFrame(kind)) {
      return { width: bytes.readUInt16BE(at + 7), height: bytes.readUInt16BE(at + 5) };
    }
  }
  return undefined;
}

/** SOF0 to SOF15, without the three that are tables. */
const isFrame = (kind: number): boolean =>
  kind >= 0xc0 && kind <= 0xcf && kind !== 0xc4 && kind !== 0xc8 && kind !== 0xcc;

/** The three kinds of its first chunk: extended, lossless, lossy. */
function webp(bytes: Buffer): Size | undefined {
  const isWebp = bytes.length >= 30 && bytes.toString('latin1', 0, 4) === 'RIFF';
  if (!isWebp || bytes.toString('latin1', 8, 12) !== 'WEBP') return undefined;
  switch (bytes.toString('latin1', 12, 16)) {
    case 'VP8X':
      return { width: bytes.readUIntLE(24, 3) + 1, height: bytes.readUIntLE(27, 3) + 1 };
    case 'VP8L': {
      const bits = bytes.readUInt32LE(21);
      return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
    }
    case 'VP8 ':
      return { width: bytes.readUInt16LE(26) & 0x3fff, height: bytes.readUInt16LE(28) & 0x3fff };
    default:
      return undefined;
  }
}

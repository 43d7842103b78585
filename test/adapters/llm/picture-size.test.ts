import { Buffer } from 'node:buffer';
import test from 'ava';
import fc from 'fast-check';
import { pictureSize } from '../../../src/adapters/llm/picture-size.ts';

const urlOf = (kind: string, ...parts: readonly (string | Uint8Array | readonly number[])[]) => {
  const bytes = Buffer.concat(
    parts.map((part) =>
      typeof part === 'string' ? Buffer.from(part, 'latin1') : Buffer.from(part),
    ),
  );
  return `data:image/${kind};base64,${bytes.toString('base64')}`;
};
const big = (value: number, bytes: number) => {
  const buffer = Buffer.alloc(bytes);
  buffer.writeUIntBE(value, 0, bytes);
  return buffer;
};
const little = (value: number, bytes: number) => Buffer.from(big(value, bytes)).reverse();

const png = (width: number, height: number) =>
  urlOf('png', '\x89PNG\r\n\x1a\n', big(13, 4), 'IHDR', big(width, 4), big(height, 4), [8, 6, 0]);

const segment = (kind: number, content: Uint8Array) =>
  Buffer.concat([Buffer.from([0xff, kind]), big(content.length + 2, 2), content]);
const frame = (width: number, height: number) =>
  Buffer.concat([Buffer.from([8]), big(height, 2), big(width, 2), Buffer.from([3])]);
/** With what cameras put before the frame, and tables whose number is near a frame's. */
const jpeg = (width: number, height: number, kind = 0xc0) =>
  urlOf(
    'jpeg',
    [0xff, 0xd8],
    segment(0xe1, Buffer.alloc(3_000, 7)),
    segment(0xc4, Buffer.alloc(40)),
    segment(kind, frame(width, height)),
  );

const webp = (chunk: string, content: Uint8Array) =>
  urlOf('webp', 'RIFF', little(99, 4), 'WEBP', chunk, little(content.length, 4), content);
const extended = (width: number, height: number) =>
  webp('VP8X', Buffer.concat([Buffer.alloc(4), little(width - 1, 3), little(height - 1, 3)]));
const lossless = (width: number, height: number) =>
  webp(
    'VP8L',
    Buffer.concat([
      Buffer.from([0x2f]),
      little((width - 1) | ((height - 1) << 14), 4),
      Buffer.alloc(5),
    ]),
  );
const lossy = (width: number, height: number) =>
  webp(
    'VP8 ',
    Buffer.concat([Buffer.from([0, 0, 0, 0x9d, 0x01, 0x2a]), little(width, 2), little(height, 2)]),
  );

const kinds = { png, jpeg, extended, lossless, lossy };
for (const [kind, made] of Object.entries(kinds)) {
  test(`a picture says how large it is: ${kind}`, (t) => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 8_191 }),
        fc.integer({ min: 1, max: 8_191 }),
        (w, h) => {
          t.deepEqual(pictureSize(made(w, h)), { width: w, height: h });
        },
      ),
    );
  });
}

test('a progressive JPEG has its size in a frame of another kind', (t) => {
  t.deepEqual(pictureSize(jpeg(640, 480, 0xc2)), { width: 640, height: 480 });
});

for (const url of [
  'https://example.com/a.png',
  'data:image/png;base64,',
  'data:image/png;base64,AAAA',
  'data:image/gif;base64,R0lGODlhAQABAAAAACw=',
  png(0, 10),
  'data:image/png,not-base64',
]) {
  test(`one that doesn’t say it has none: ${url.slice(0, 50)}`, (t) => {
    t.is(pictureSize(url), undefined);
  });
}

test('whatever the bytes are, reading them ends', (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      const size = pictureSize(urlOf('jpeg', [0xff, 0xd8, 0xff], bytes));
      t.true(size === undefined || (size.width > 0 && size.height > 0));
    }),
  );
});

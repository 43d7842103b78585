import test from 'ava';
import fc from 'fast-check';
import { serverSentEvents } from '../../../src/adapters/llm/server-sent-events.ts';

const bytesOf = (text: string) => new TextEncoder().encode(text);

function read(pieces: readonly Uint8Array[]): readonly string[] {
  const events = serverSentEvents();
  return [...pieces.flatMap((piece) => events.push(piece)), ...events.end()];
}

function split(bytes: Uint8Array, cuts: readonly number[]): readonly Uint8Array[] {
  const at = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  return [0, ...at].map((from, index) => bytes.subarray(from, at[index] ?? bytes.length));
}

const Line = fc
  .string({ unit: 'grapheme', maxLength: 40 })
  .map((text) => text.replaceAll(/[\r\n\u2028\u2029\uFEFF]/g, ''));
const Event = fc.array(Line, { minLength: 1, maxLength: 3 });
const LineEnd = fc.constantFrom('\n', '\r\n', '\r');
const Comment = fc.constantFrom('', ': a comment', 'event: chunk', 'id: 7');

test('any split of the bytes, any line end and any comment gives the same events', (t) => {
  fc.assert(
    fc.property(
      fc.array(Event, { maxLength: 6 }),
      LineEnd,
      Comment,
      fc.array(fc.nat(), { maxLength: 30 }),
      (events, lineEnd, comment, cuts) => {
        const text = events
          .map((lines) => [comment, ...lines.map((line) => `data: ${line}`), '', ''])
          .map((lines) => lines.slice(comment === '' ? 1 : 0).join(lineEnd))
          .join('');
        t.deepEqual(
          read(split(bytesOf(text), cuts)),
          events.map((lines) => lines.join('\n')),
        );
      },
    ),
  );
});

test('one byte at a time is read like all at once', (t) => {
  const bytes = bytesOf('data: 你好 👋\r\n\r\n: hum\n\ndata:x\ndata: y\n\ndata: [DONE]\r\r');
  const single = [...bytes].map((byte) => Uint8Array.of(byte));
  t.deepEqual(read(single), ['你好 👋', 'x\ny', '[DONE]']);
  t.deepEqual(read(single), read([bytes]));
});

test('a line of several megabytes arrives whole', (t) => {
  const data = 'long '.repeat(1_000_000);
  const bytes = bytesOf(`data: ${data}\n\n`);
  const pieces = Array.from({ length: Math.ceil(bytes.length / 1_000) }, (_, index) =>
    bytes.subarray(index * 1_000, (index + 1) * 1_000),
  );
  t.deepEqual(read(pieces), [data]);
});

test('an event without its blank line counts at the end of the stream', (t) => {
  t.deepEqual(read([bytesOf('data: last')]), ['last']);
});

test('a line that never ends is refused instead of filling the memory', (t) => {
  const events = serverSentEvents();
  const piece = new Uint8Array(16 * 1_024 * 1_024).fill(97);
  t.throws(() => Array.from({ length: 6 }, () => events.push(piece)), { instanceOf: RangeError });
});

test('an event that never ends is refused, too', (t) => {
  const events = serverSentEvents();
  const line = bytesOf(`data: ${'a'.repeat(16 * 1_024 * 1_024)}\n`);
  t.throws(() => Array.from({ length: 6 }, () => events.push(line)), { instanceOf: RangeError });
});

import test from 'ava';
import fc from 'fast-check';
import { anthropicStream } from '../../../src/adapters/llm/anthropic-stream.ts';
import { serverSentEvents } from '../../../src/adapters/llm/server-sent-events.ts';
import type { Json } from '../../../src/adapters/llm/upstream.ts';
import { usageFrom } from '../../../src/adapters/llm/usage.ts';
import { anyMessage, eventsOf } from '../../support/anthropic-messages.ts';

/** What is read from bytes that come in the given pieces. */
function read(parts: readonly Uint8Array[]): readonly Json[] {
  const events = serverSentEvents();
  const stream = anthropicStream();
  const chunks = [...parts.flatMap((part) => stream.read(events.push(part)))];
  chunks.push(...stream.read(events.end()));
  if (!(stream.ended() && stream.finished())) throw new Error('The stream is not whole.');
  return chunks.map((chunk) => ({ ...chunk, created: 0 }));
}

function cut(bytes: Uint8Array, places: readonly number[]): readonly Uint8Array[] {
  const ends = [...places.map((place) => place % (bytes.length + 1)), bytes.length].sort(
    (one, other) => one - other,
  );
  return ends.map((end, at) => bytes.subarray(ends[at - 1] ?? 0, end));
}

test('however a stream’s bytes are cut, it gives the same chunks and the same usage', (t) => {
  fc.assert(
    fc.property(
      anyMessage,
      fc.integer({ min: 1, max: 7 }),
      fc.array(fc.nat(100_000), { maxLength: 40 }),
      fc.constantFrom('\n', '\r\n', '\r'),
      (message, piece, places, lineEnd) => {
        const written = eventsOf(message, piece)
          .map(({ type, ...rest }) => {
            const data = JSON.stringify({ type, ...rest });
            return `event: ${type}${lineEnd}data: ${data}${lineEnd}${lineEnd}`;
          })
          .join('');
        const bytes = new TextEncoder().encode(written);
        const whole = read([bytes]);
        t.deepEqual(read(cut(bytes, places)), whole);
        const { input_tokens: input = 0, output_tokens: output = 0, ...cached } = message.usage;
        const { cache_read_input_tokens: read_ = 0, cache_creation_input_tokens: wrote = 0 } =
          cached;
        t.like(usageFrom(whole.at(-1)?.usage), {
          input,
          cachedInput: read_,
          ...(wrote === 0 ? {} : { cacheWrite: wrote }),
          output,
        });
      },
    ),
  );
});

import test from 'ava';
import fc from 'fast-check';
import type { AnswerStream } from '../../../src/adapters/llm/answer-stream.ts';
import { anthropicStream } from '../../../src/adapters/llm/anthropic-stream.ts';
import { CallFault } from '../../../src/adapters/llm/call-fault.ts';
import { chatStream } from '../../../src/adapters/llm/chat-stream.ts';
import { exchangeFor } from '../../../src/adapters/llm/exchange.ts';
import { eventsReading, streamedChunks } from '../../../src/adapters/llm/streamed-chunks.ts';
import type { Json } from '../../../src/adapters/llm/upstream.ts';
import { usageFrom } from '../../../src/adapters/llm/usage.ts';

const bytesOf = (text: string) => new TextEncoder().encode(text);

async function* arriving(pieces: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  for (const piece of pieces) {
    await Promise.resolve();
    yield piece;
  }
}

/** The chunks that came, and the code of the fault that ended them, if one did. */
async function read(pieces: readonly Uint8Array[], stream: AnswerStream = chatStream()) {
  const chunks: Json[] = [];
  const exchange = exchangeFor(new AbortController().signal);
  try {
    for await (const batch of streamedChunks(
      arriving(pieces),
      exchange,
      eventsReading(stream),
      60_000,
    )) {
      chunks.push(...batch);
    }
    return { chunks, fault: undefined };
  } catch (error) {
    return { chunks, fault: error instanceof CallFault ? error.code : error };
  }
}

function split(bytes: Uint8Array, cuts: readonly number[]): readonly Uint8Array[] {
  const at = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  return [0, ...at].map((from, index) => bytes.subarray(from, at[index] ?? bytes.length));
}

const said = (content: string): string =>
  JSON.stringify({ choices: [{ index: 0, delta: { content }, finish_reason: null }] });
const finish = JSON.stringify({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] });
const usage = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 };
const counted = JSON.stringify({ choices: [], usage });
const eventsIn = (events: readonly string[], lineEnd = '\n'): string =>
  events.map((data) => `data: ${data}${lineEnd}${lineEnd}`).join('');

const Content = fc.string({ unit: 'grapheme', maxLength: 30 });
const Cuts = fc.array(fc.nat(), { maxLength: 40 });
const LineEnd = fc.constantFrom('\n', '\r\n', '\r');
const Comment = fc.constantFrom('', ': still here', ': a long word of comfort', 'id: 7');

test('any split of an answer’s bytes gives the same chunks and the same usage', async (t) => {
  const property = fc.asyncProperty(
    fc.array(Content, { minLength: 1, maxLength: 8 }),
    ...([LineEnd, Comment, Cuts] as const),
    async (contents, lineEnd, comment, cuts) => {
      const comments = comment === '' ? '' : `${comment}${lineEnd}${lineEnd}`;
      const text = eventsIn([...contents.map(said), finish, counted, '[DONE]'], lineEnd)
        .split(`${lineEnd}${lineEnd}`)
        .join(`${lineEnd}${lineEnd}${comments}`);
      const { chunks, fault } = await read(split(bytesOf(text), cuts));
      t.is(fault, undefined);
      t.deepEqual(
        chunks,
        [...contents.map(said), finish, counted].map((each) => JSON.parse(each)),
      );
      t.deepEqual(usageFrom(chunks.at(-1)?.usage), {
        ...{ input: 10, cachedInput: 0, output: 5, reasoning: 0 },
      });
    },
  );
  await fc.assert(property);
});

const spoken = (text: string) =>
  JSON.stringify({
    ...{ type: 'content_block_delta', index: 0 },
    delta: { type: 'text_delta', text },
  });
const aroundSpoken = (texts: readonly string[]): readonly string[] => [
  JSON.stringify({ type: 'message_start', message: { usage: { input_tokens: 10 } } }),
  JSON.stringify({ type: 'ping' }),
  JSON.stringify({
    type: 'content_block_start',
    index: 0,
    content_block: { type: 'text', text: '' },
  }),
  ...texts.map(spoken),
  JSON.stringify({ type: 'content_block_stop', index: 0 }),
  JSON.stringify({
    ...{ type: 'message_delta', delta: { stop_reason: 'end_turn' } },
    usage: { output_tokens: 5 },
  }),
  JSON.stringify({ type: 'message_stop' }),
];

test('any split of a message of Anthropic’s gives the same chunks and the same usage', async (t) => {
  const property = fc.asyncProperty(
    fc.array(Content, { minLength: 1, maxLength: 8 }),
    Cuts,
    async (texts, cuts) => {
      const bytes = bytesOf(eventsIn(aroundSpoken(texts)));
      const whole = await read([bytes], anthropicStream());
      const parts = await read(split(bytes, cuts), anthropicStream());
      t.deepEqual(parts, whole);
      t.is(parts.fault, undefined);
      const written = JSON.stringify(parts.chunks.map(({ choices }) => choices));
      for (const text of texts) t.true(written.includes(JSON.stringify(text)));
      t.like(usageFrom(parts.chunks.at(-1)?.usage), { input: 10, output: 5 });
    },
  );
  await fc.assert(property);
});

for (const broken of ['{"choices": [rubbish', '{"error": {"message": "overloaded"}}', '[]', '7']) {
  test(`what came before a broken event is told before the fault: ${broken}`, async (t) => {
    const before = ['one', 'two', 'three'].map(said);
    const bytes = bytesOf(eventsIn([...before, broken, said('never told'), '[DONE]']));
    for (const pieces of [
      [bytes],
      split(bytes, [100, 200]),
      [...bytes].map((b) => Uint8Array.of(b)),
    ]) {
      const { chunks, fault } = await read(pieces);
      t.deepEqual(
        chunks,
        before.map((each) => JSON.parse(each)),
      );
      t.is(fault, 'upstream_failed');
    }
  });
}

test('what came before the connection broke off is told before the fault', async (t) => {
  const { chunks, fault } = await read([
    bytesOf(eventsIn([said('one')])),
    bytesOf(`data: ${said('two')}`),
  ]);
  t.deepEqual(
    chunks,
    [said('one'), said('two')].map((each) => JSON.parse(each)),
  );
  t.is(fault, 'upstream_failed');
});

test('a line that never ends is a fault, behind what came before it', async (t) => {
  const endless = new Uint8Array(16 * 1_024 * 1_024).fill(97);
  const pieces = [
    bytesOf(eventsIn([said('one')])),
    bytesOf('data: '),
    ...Array.from({ length: 6 }, () => endless),
  ];
  const { chunks, fault } = await read(pieces);
  t.is(chunks.length, 1);
  t.is(fault, 'upstream_failed');
});

test('nothing behind the end mark is read', async (t) => {
  const { chunks, fault } = await read([
    bytesOf(eventsIn([said('one'), finish, '[DONE]', said('late'), 'rubbish'])),
  ]);
  t.is(chunks.length, 2);
  t.is(fault, undefined);
});

test('an event is told when it is whole, and not held back for the next one', async (t) => {
  const exchange = exchangeFor(new AbortController().signal);
  const told: Json[] = [];
  const asked: number[] = [];
  async function* source(): AsyncGenerator<Uint8Array> {
    for (const data of [said('one'), said('two'), finish, '[DONE]']) {
      asked.push(told.length);
      await Promise.resolve();
      yield bytesOf(eventsIn([data]));
    }
  }
  for await (const batch of streamedChunks(
    source(),
    exchange,
    eventsReading(chatStream()),
    60_000,
  )) {
    told.push(...batch);
  }
  t.deepEqual(asked, [0, 1, 2, 3]);
});

test('no more is read than is asked for', async (t) => {
  const exchange = exchangeFor(new AbortController().signal);
  let reads = 0;
  async function* source(): AsyncGenerator<Uint8Array> {
    for (;;) {
      reads += 1;
      await Promise.resolve();
      yield bytesOf(eventsIn([said('more')]));
    }
  }
  const chunks = streamedChunks(source(), exchange, eventsReading(chatStream()), 60_000);
  await chunks.next();
  await chunks.next();
  t.is(reads, 2);
  await chunks.return(undefined);
  t.true(exchange.signal.aborted);
});

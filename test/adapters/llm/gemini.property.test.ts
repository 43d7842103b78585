import test from 'ava';
import fc from 'fast-check';
import { z } from 'zod';
import { geminiAnswer } from '../../../src/adapters/llm/gemini-answer.ts';
import { geminiRequest } from '../../../src/adapters/llm/gemini-request.ts';
import { geminiStream } from '../../../src/adapters/llm/gemini-stream.ts';
import { serverSentEvents } from '../../../src/adapters/llm/server-sent-events.ts';
import type { Json } from '../../../src/adapters/llm/upstream.ts';
import { usageFrom } from '../../../src/adapters/llm/usage.ts';
import { args, eventsOf, wholeAnswer } from '../../support/gemini-answers.ts';

function counter() {
  let calls = 0;
  return () => `call_${calls++}`;
}

/** What is read from bytes that come in the given pieces. */
function read(parts: readonly Uint8Array[]): readonly Json[] {
  const events = serverSentEvents();
  const stream = geminiStream(counter());
  const chunks = [...parts.flatMap((part) => stream.read(events.push(part)))];
  chunks.push(...stream.read(events.end()));
  if (!stream.finished()) throw new Error('The stream is not whole.');
  chunks.push(...(stream.end?.() ?? []));
  return chunks.map((chunk) => ({ ...chunk, created: 0 }));
}

function cut(bytes: Uint8Array, places: readonly number[]): readonly Uint8Array[] {
  const ends = [...places.map((place) => place % (bytes.length + 1)), bytes.length].sort(
    (one, other) => one - other,
  );
  return ends.map((end, at) => bytes.subarray(ends[at - 1] ?? 0, end));
}

const written = (events: readonly object[], lineEnd: string) =>
  new TextEncoder().encode(
    events.map((event) => `data: ${JSON.stringify(event)}${lineEnd}${lineEnd}`).join(''),
  );

test('however a stream’s bytes are cut, it gives the same chunks and the same usage', (t) => {
  fc.assert(
    fc.property(
      wholeAnswer,
      fc.integer({ min: 1, max: 7 }),
      fc.array(fc.nat(100_000), { maxLength: 40 }),
      fc.constantFrom('\n', '\r\n', '\r'),
      (answer, piece, places, lineEnd) => {
        const bytes = written(eventsOf(answer, piece), lineEnd);
        const whole = read([bytes]);
        t.deepEqual(read(cut(bytes, places)), whole);
        const { usageMetadata: counts } = answer;
        const { promptTokenCount = 0, toolUsePromptTokenCount: tools = 0 } = counts;
        const { cachedContentTokenCount: cached = 0, thoughtsTokenCount: reasoning = 0 } = counts;
        const { candidatesTokenCount: output = 0 } = counts;
        t.deepEqual(usageFrom(whole.at(-1)?.usage), {
          input: promptTokenCount + tools - cached,
          cachedInput: cached,
          output,
          reasoning,
        });
      },
    ),
  );
});

const Message = z.looseObject({
  content: z.string().nullish(),
  reasoning_content: z.string().optional(),
  tool_calls: z
    .array(
      z.object({
        id: z.string(),
        function: z.object({ name: z.string(), arguments: z.string() }),
        extra_content: z.unknown().optional(),
      }),
    )
    .default([]),
});
const Choices = z.array(
  z.looseObject({
    index: z.int(),
    message: Message.optional(),
    delta: Message.optional(),
    finish_reason: z.string().nullish(),
  }),
);

/** What each choice says in all, its calls in their order without the ids that we gave. */
function told(answers: readonly Json[]) {
  const choices = answers.flatMap((answer) => Choices.parse(answer.choices));
  return [...new Set(choices.map(({ index }) => index))].map((index) => {
    const own = choices.filter((choice) => choice.index === index);
    const messages = own.flatMap(({ message, delta }) => message ?? delta ?? []);
    return {
      text: messages.map(({ content }) => content ?? '').join(''),
      thoughts: messages.map(({ reasoning_content: thoughts = '' }) => thoughts).join(''),
      calls: messages
        .flatMap(({ tool_calls: calls }) => calls)
        .map(({ id, ...call }) => ({ ...call, id: id.startsWith('call_') ? '' : id })),
      finish: own.map(({ finish_reason: reason }) => reason ?? '').join(''),
    };
  });
}

test('a stream and a body say the same, and what Gemini said', (t) => {
  fc.assert(
    fc.property(wholeAnswer, fc.integer({ min: 1, max: 7 }), (answer, piece) => {
      const body = geminiAnswer(JSON.stringify(answer), counter());
      const whole = told([body]);
      t.deepEqual(told(read([written(eventsOf(answer, piece), '\n')])), whole);
      t.deepEqual(
        whole.map(({ text, thoughts, calls }) => ({ text, thoughts, calls: calls.length })),
        answer.candidates.map(({ content: { parts } }) => ({
          text: parts.map(({ text = '', thought }) => (thought ? '' : text)).join(''),
          thoughts: parts.map(({ text = '', thought }) => (thought ? text : '')).join(''),
          calls: parts.filter(({ functionCall }) => functionCall).length,
        })),
      );
    }),
  );
});

const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 });
const speech = fc.oneof(
  text.map((content) => ({ role: 'user', content })),
  text.map((content) => ({ role: 'assistant', content })),
);
/** Some calls at once, and the answers to them in any order. */
const errand = fc
  .uniqueArray(
    fc.record({ id: fc.uuid(), name: fc.stringMatching(/^[a-z_]{1,12}$/), given: args, out: text }),
    { minLength: 1, maxLength: 4, selector: ({ id }) => id },
  )
  .chain((calls) =>
    fc.tuple(fc.constant(calls), fc.shuffledSubarray(calls, { minLength: calls.length })),
  )
  .map(([calls, answered]) => [
    {
      role: 'assistant',
      tool_calls: calls.map(({ id, name, given }) => ({
        id,
        type: 'function',
        function: { name, arguments: JSON.stringify(given) },
      })),
    },
    ...answered.map(({ id, out }) => ({ role: 'tool', tool_call_id: id, content: out })),
  ]);
const conversation = fc
  .array(
    fc.oneof(
      speech.map((each) => [each]),
      errand,
    ),
    { minLength: 1, maxLength: 6 },
  )
  .map((parts): readonly Json[] => parts.flat());

const Asked = z.object({
  contents: z.array(
    z.object({
      role: z.string(),
      parts: z.array(
        z.object({
          text: z.string().optional(),
          functionCall: z
            .object({ id: z.string(), name: z.string(), args: z.unknown() })
            .optional(),
          functionResponse: z
            .object({
              id: z.string(),
              name: z.string(),
              response: z.object({ output: z.string() }),
            })
            .optional(),
        }),
      ),
    }),
  ),
});

test('a request keeps roles, texts, calls and what they brought', (t) => {
  fc.assert(
    fc.property(conversation, (messages) => {
      const { contents } = Asked.parse(
        geminiRequest({
          ...{
            endpoint: 'chat',
            model: 'gemini-2.5-pro',
            body: { messages },
            stream: false,
            maxOutput: 9,
          },
          signal: new AbortController().signal,
        }),
      );
      const parts = contents.flatMap(({ role, parts: each }) =>
        each.map((part) => ({ role, ...part })),
      );
      t.deepEqual(
        parts.flatMap(({ role, text: said }) => (said === undefined ? [] : [[role, said]])),
        messages.flatMap(({ role, content }) =>
          role === 'tool' || content === undefined
            ? []
            : [[role === 'user' ? 'user' : 'model', content]],
        ),
      );
      const calls = messages.flatMap((message) => Message.parse(message).tool_calls);
      t.deepEqual(
        parts.flatMap(({ role, functionCall: call }) => (call ? [{ role, ...call }] : [])),
        calls.map(({ id, function: { name, arguments: given } }) => ({
          ...{ role: 'model', id, name },
          args: JSON.parse(given),
        })),
      );
      // In the order of the calls, whichever way they came.
      const results = parts.flatMap(({ role, functionResponse: each }) =>
        each ? [{ role, ...each }] : [],
      );
      t.deepEqual(
        results,
        calls.map(({ id, function: { name } }) => ({
          ...{ role: 'user', id, name },
          response: { output: messages.find(({ tool_call_id: of }) => of === id)?.content },
        })),
      );
    }),
  );
});

import test from 'ava';
import { chatStream } from '../../../src/adapters/llm/chat-stream.ts';
import { geminiStream } from '../../../src/adapters/llm/gemini-stream.ts';
import { refusal } from '../../../src/adapters/llm/refusal.ts';
import { meaningOf } from '../../../src/adapters/llm/refusal-meaning.ts';
import { responsesStream } from '../../../src/adapters/llm/responses-stream.ts';

const saying = (message: string, more: object = {}) => ({ error: { message, ...more } });
const model = 'secret-model';

/** As servers of OpenAI's protocol word it, beside what `providers` has. */
const said = [
  [
    "This model's maximum context length is 8192 tokens, however you requested 9000 tokens.",
    'context_length_exceeded',
  ],
  ['Your input exceeds the context window of this model.', 'context_length_exceeded'],
  [
    'the request exceeds the available context size (8192 tokens), try increasing it',
    'context_length_exceeded',
  ],
  [
    "The input (210000 tokens) is longer than the model's context length (200000 tokens).",
    'context_length_exceeded',
  ],
  ['Please reduce the length of the messages or completion.', 'context_length_exceeded'],
  ['Your request was rejected by the safety system.', 'content_filter'],
  [
    'Invalid prompt: your prompt was flagged as potentially violating our usage policy.',
    'content_filter',
  ],
  [
    "Invalid 'x': expected a string with maximum length 64, but got a string with length 65 instead.",
    'string_above_max_length',
  ],
  ['Invalid value for temperature.', undefined],
  ['max_tokens is too large: this model supports at most 16384 completion tokens.', undefined],
  ['Request too large: limit 6000 tokens per minute, requested 7000.', undefined],
] as const;

for (const [message, meaning] of said) {
  test(`${meaning ?? 'nothing that has a name'} is meant by: ${message}`, (t) => {
    t.is(meaningOf(saying(message)), meaning);
  });
}

test('a code counts before words', (t) => {
  const both = saying('maximum context length is 9 tokens', { code: 'content_filter' });
  t.is(meaningOf(both), 'content_filter');
});

test('words that the request says itself name nothing', (t) => {
  const text = JSON.stringify(saying("Invalid value: 'prompt is too long'."));
  const isQuoted = (words: string) => words === 'prompt is too long';
  t.is(refusal(400, text, { model }).code, 'context_length_exceeded');
  t.is(refusal(400, text, { model, isQuoted }).code, 'upstream_refused');
});

test('only who blames the request can mean it', (t) => {
  const text = JSON.stringify(saying('No.', { code: 'context_length_exceeded' }));
  const codes = [400, 413, 422, 429, 500].map((status) => refusal(status, text, { model }).code);
  const named = 'context_length_exceeded';
  t.deepEqual(codes, [named, named, named, 'upstream_limited', 'upstream_failed']);
});

test('content that is forbidden here may be answered by another one', (t) => {
  const text = JSON.stringify(saying('Your input was flagged.'));
  t.like(refusal(403, text, { model }), { code: 'content_filter', retryable: true });
  t.like(refusal(400, text, { model }), { code: 'content_filter', retryable: false });
  const other = JSON.stringify(saying('Not from where you are.'));
  t.is(refusal(403, other, { model }).code, 'upstream_failed');
});

test('what an operator must put right is named as that', (t) => {
  const text = JSON.stringify(saying('insufficient balance; prompt is too long'));
  t.is(refusal(400, text, { model }).code, 'upstream_failed');
});

test('a stream may be refused in its first event', (t) => {
  const error = { message: 'No.', code: 'context_length_exceeded' };
  for (const [stream, event] of [
    [chatStream(), { error }],
    [geminiStream(), saying('The input token count (9) exceeds the maximum number of tokens.')],
    [responsesStream(), { type: 'error', ...error }],
    [responsesStream(), { type: 'response.failed', response: { error } }],
  ] as const) {
    const fault = t.throws(() => stream.read([JSON.stringify(event)]));
    t.like(fault, { code: 'context_length_exceeded', retryable: true, isWell: true });
  }
});

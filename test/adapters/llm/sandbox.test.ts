import { Buffer } from 'node:buffer';
import { inflateSync } from 'node:zlib';
import test from 'ava';
import { z } from 'zod';
import { CallFault } from '../../../src/adapters/llm/call-fault.ts';
import type { EndpointName } from '../../../src/adapters/llm/endpoints/endpoint.ts';
import { endpoints } from '../../../src/adapters/llm/endpoints/endpoints.ts';
import type { FormEntry } from '../../../src/adapters/llm/form.ts';
import { inputOf } from '../../../src/adapters/llm/input.ts';
import { inputBound } from '../../../src/adapters/llm/input-tokens.ts';
import { sandboxUpstream } from '../../../src/adapters/llm/sandbox.ts';
import { sound } from '../../../src/adapters/llm/sandbox-media.ts';
import { sandboxTokens } from '../../../src/adapters/llm/tokenizer.ts';
import type { Json } from '../../../src/adapters/llm/upstream.ts';
import { soundUsageFrom, usageFrom } from '../../../src/adapters/llm/usage.ts';
import { upstreamContract } from './upstream.contract.ts';

const sandbox = sandboxUpstream();
upstreamContract(test, { upstream: () => sandbox, model: 'demo', longModel: 'demo' });

const messages = [{ role: 'user', content: '帮我写一份产品介绍' }];

async function answerTo(body: Json, maxOutput = 4_096): Promise<Json> {
  const { signal } = new AbortController();
  const answer = await sandbox.ask({
    ...{ endpoint: 'chat' as const, model: 'demo', body },
    ...{ stream: false, maxOutput, signal },
  });
  if (answer.stream) throw new Error('It was not to stream.');
  return answer.body();
}

const textOf = ({ choices }: Json): string =>
  JSON.parse(JSON.stringify(choices))[0].message.content;

for (const [asked, tokens] of [
  [{}, 64],
  [{ max_tokens: 7 }, 7],
  [{ max_tokens: 7, max_completion_tokens: 5 }, 5],
  [{ max_tokens: 5_000 }, 4_096],
] as const) {
  test(`the sandbox writes ${tokens} tokens for ${JSON.stringify(asked)}`, async (t) => {
    const answer = await answerTo({ messages, ...asked });
    t.is(usageFrom(answer.usage)?.output, tokens);
    t.is(sandboxTokens(textOf(answer)), tokens);
  });
}

test('the sandbox says the same to the same request, and something else to another', async (t) => {
  const texts = await Promise.all([
    answerTo({ messages }),
    answerTo({ messages }),
    answerTo({ messages: [{ role: 'user', content: 'Something else' }] }),
  ]);
  const [first, second, third] = texts.map(textOf);
  t.is(first, second);
  t.not(first, third);
});

test('the sandbox counts its input as the bound does', async (t) => {
  const body = { messages, tools: [{ type: 'function', function: { name: 'look_up' } }] };
  const { usage } = await answerTo(body);
  t.is(usageFrom(usage)?.input, await inputBound('sandbox', inputOf(body)));
});

test('the sandbox hears ten tokens a second, and doesn’t speak', async (t) => {
  const data = sound('x'.repeat(99), 'wav').toString('base64');
  const heard = { type: 'input_audio', input_audio: { data, format: 'wav' } };
  const content = [{ type: 'text', text: 'Hello' }, heard];
  const { usage } = await answerTo({ messages: [{ role: 'user', content }] });
  const said = { isHeard: true, maySpeak: false, hasSpoken: false };
  const bare = await answerTo({ messages: [{ role: 'user', content: content.slice(0, 1) }] });
  t.like(soundUsageFrom(usage, said), {
    ...{ input: usageFrom(bare.usage)?.input, audioInput: 20 },
  });
  const fault = await t.throwsAsync(answerTo({ messages, modalities: ['text', 'audio'] }));
  t.like(fault, { code: 'upstream_refused', param: 'modalities' });
});

test('the sandbox refuses to write a library', async (t) => {
  const fault = await t.throwsAsync(answerTo({ messages, n: 128, max_tokens: 4_000 }), {
    instanceOf: CallFault,
  });
  t.is(fault?.code, 'upstream_refused');
});

const file = { filename: 'a.wav', type: 'audio/wav', bytes: sound('Hello', 'wav') };

async function ask(endpoint: EndpointName, body: Json, stream = false) {
  const { signal } = new AbortController();
  return await sandbox.ask({ ...{ endpoint, model: 'demo', body, stream }, maxOutput: 64, signal });
}
async function bodyFor(endpoint: EndpointName, body: Json): Promise<Json> {
  const answer = await ask(endpoint, body);
  if (answer.stream) throw new Error('It was not to stream.');
  // Every answer is one that its endpoint takes.
  const text = JSON.stringify(await answer.body());
  const request = { endpoint, model: 'demo', body, stream: false, maxOutput: 64 };
  const { signal } = new AbortController();
  return endpoints[endpoint].answerOf(text, { ...request, signal });
}
async function chunksFor(endpoint: EndpointName, body: Json): Promise<readonly Json[]> {
  const answer = await ask(endpoint, body, true);
  if (!answer.stream) throw new Error('It was to stream.');
  return (await Array.fromAsync(answer.chunks)).flat();
}

test('the sandbox goes on with every prompt, in one piece and in many', async (t) => {
  const body = { prompt: ['one', 'two'], n: 2, max_tokens: 3 };
  const { choices, usage } = await bodyFor('completions', body);
  const texts = z.array(z.object({ text: z.string() })).parse(choices);
  t.deepEqual(
    texts.map(({ text }) => sandboxTokens(text)),
    [3, 3, 3, 3],
  );
  t.is(usageFrom(usage)?.output, 12);
  const chunks = await chunksFor('completions', body);
  const said = chunks.flatMap(({ choices: of }) =>
    z.array(z.looseObject({ index: z.int(), text: z.string() })).parse(of),
  );
  const first = said.filter(({ index }) => index === 0).map(({ text }) => text);
  t.is(first.join(''), texts[0]?.text ?? '');
});

test('the sandbox embeds alike what is alike, as numbers or as their bytes', async (t) => {
  const vectors = z.array(z.object({ embedding: z.array(z.number()) }));
  const { data, usage } = await bodyFor('embeddings', { input: ['a', 'a', 'b'], dimensions: 8 });
  const [one, same, other] = vectors.parse(data).map(({ embedding }) => embedding);
  t.deepEqual(one, same);
  t.notDeepEqual(one, other);
  t.is(one?.length, 8);
  t.true(Math.abs(Math.hypot(...(one ?? [])) - 1) < 1e-6);
  t.is(usageFrom(usage)?.input, 3);
  const { data: coded } = await bodyFor('embeddings', {
    ...{ input: 'a', dimensions: 8, encoding_format: 'base64' },
  });
  const [text] = z.array(z.object({ embedding: z.string() })).parse(coded);
  const bytes = Buffer.from(text?.embedding ?? '', 'base64');
  t.is(bytes.readFloatLE(0), one?.[0] ?? 2);
});

test('the sandbox finds nothing harmful', async (t) => {
  const { results } = await bodyFor('moderations', { input: ['a', 'b'] });
  t.like(results, [{ flagged: false }, { flagged: false }]);
});

test('the sandbox paints a picture that is one', async (t) => {
  const { data } = await bodyFor('image_generations', { prompt: 'a fox', n: 2 });
  const [one, other] = z.array(z.object({ b64_json: z.string() })).parse(data);
  t.not(one?.b64_json, other?.b64_json);
  const bytes = Buffer.from(one?.b64_json ?? '', 'base64');
  t.is(bytes.toString('latin1', 1, 4), 'PNG');
  t.is(bytes.readUInt32BE(16), 64);
  t.is(inflateSync(bytes.subarray(41, 41 + bytes.readUInt32BE(33))).length, 64 * 193);
  const form = [
    ['prompt', 'a fox'],
    ['image', file],
  ] as const;
  const chunks = await chunksFor('image_edits', { form });
  t.like(chunks, [{ type: 'image_edit.completed' }]);
});

test('the sandbox reads aloud in what it knows, and refuses the rest', async (t) => {
  const heads = { mp3: 'fffb', wav: '52494646', pcm: '' };
  for (const [format, head] of Object.entries(heads)) {
    const chunks = await chunksFor('speech', { input: 'Hello 你好', response_format: format });
    const bytes = Buffer.concat(chunks.map((chunk) => z.instanceof(Buffer).parse(chunk.bytes)));
    t.true(bytes.toString('hex').startsWith(head), format);
    t.true(bytes.length > 1_000);
  }
  const events = await chunksFor('speech', { input: 'Hello', stream_format: 'sse' });
  t.like(events.at(-1), { type: 'speech.audio.done' });
  const fault = await t.throwsAsync(ask('speech', { input: 'x', response_format: 'flac' }, true));
  t.like(fault, { code: 'upstream_refused', param: 'response_format' });
});

test('the sandbox hears two words a second', async (t) => {
  const form = (...more: readonly FormEntry[]) => ({ form: [['file', file], ...more] });
  const { text, usage } = await bodyFor('transcriptions', form());
  t.regex(String(text), /^\w{3} \w{3}$/);
  t.deepEqual(usage, { type: 'duration', seconds: 1 });
  const chunks = await chunksFor('translations', form());
  t.is(chunks.map(({ delta }) => delta ?? '').join(''), String(text));
  for (const format of ['srt', 'vtt']) {
    const { text: subtitles } = await bodyFor('transcriptions', form(['response_format', format]));
    t.regex(String(subtitles), /00:00:00[.,]000 --> 00:00:01[.,]000/);
  }
});

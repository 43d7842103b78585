import { Buffer } from 'node:buffer';
import type { ExecutionContext } from 'ava';
import test from 'ava';
import OpenAI, { toFile } from 'openai';
import { z } from 'zod';
import type { EndpointName } from '../../src/adapters/llm/endpoints/endpoint.ts';
import type { Prices } from '../../src/domain/price-list/events.ts';
import type { PaidCalls } from '../support/paid-calls.ts';
import { endsWith, paidMockFor } from '../support/paid-mock.ts';
import { goodKey, jsonHeaders, serveV1 } from '../support/v1-server.ts';

const upstream = paidMockFor(test);

const prices: Prices = {
  ...{ input: '1', cachedInput: '0.5', output: '3' },
  ...{ image: '0.04', second: '0.0001', character: '0.00001' },
};

/** OpenAI's own client on a server of ours, before a mock that behaves as `model` says. */
async function client(t: ExecutionContext, model: string, more: { prices?: Prices } = {}) {
  const calls: PaidCalls = await upstream.on(model, { prices, ...more });
  const url = await serveV1(t, calls);
  const openai = new OpenAI({ baseURL: `${url}/v1`, apiKey: goodKey, maxRetries: 0 });
  return { openai, calls, url };
}

/** What the mock was asked last, by the behaviour in its model's name. */
const askedOf = (model: string) => upstream.mock.asked.findLast((each) => each.model === model);

/** Nothing of it tells who answered. */
const hides = (t: ExecutionContext, answer: unknown) =>
  t.notRegex(JSON.stringify(answer), /4711|mock|fp_|gpt-|whisper|dall-e|tts-1/i);

const sound = () => toFile(Buffer.alloc(64_000), 'hello.mp3', { type: 'audio/mpeg' });
const picture = () => toFile(Buffer.from('a picture'), 'a.png', { type: 'image/png' });

test('a completion, and a stream of one', async (t) => {
  const model = 'gpt-4o?chunks=3&input=7';
  const { openai, calls } = await client(t, model);
  const answer = await openai.completions.create({ model: 'demo', prompt: 'Hello', n: 2 });
  t.like(answer, { object: 'text_completion', model: 'demo', usage: { completion_tokens: 6 } });
  t.deepEqual(
    answer.choices.map(({ text }) => text),
    [' word word word', ' word word word'],
  );
  hides(t, answer);
  t.like(askedOf(model), { prompt: 'Hello', n: 2, max_tokens: 64 });
  await endsWith(t, calls, 'UsageSettled', { basis: 'usage', usage: { input: 7, output: 6 } });
  const other = await client(t, model);
  const options = { stream: true, stream_options: { include_usage: true } } as const;
  const stream = await other.openai.completions.create({ model: 'demo', prompt: 'Hi', ...options });
  const chunks = await Array.fromAsync(stream);
  t.is(chunks.map(({ choices: [choice] }) => choice?.text ?? '').join(''), ' word word word');
  t.like(chunks.at(-1), { choices: [], usage: { prompt_tokens: 7, completion_tokens: 3 } });
  hides(t, chunks);
});

test('every prompt and every answer that is written, shown or not, is held for', async (t) => {
  const { openai, calls } = await client(t, 'gpt-4o?chunks=1');
  const prompt = ['one', 'two', 'three'];
  await openai.completions.create({ model: 'demo', prompt, best_of: 2, max_tokens: 20 });
  const reserved = calls.log.events.find(({ type }) => type === 'CreditReserved');
  const { tokens } = JSON.parse(JSON.stringify(reserved?.data));
  // Three prompts of a token and its two marks each and a tenth, and six answers of twenty.
  t.is(tokens, `${Math.ceil(9 * 1.1) + 6 * 20}`);
});

test('embeddings, of texts and of tokens', async (t) => {
  const model = 'gpt-4o?input=3';
  const { openai, calls } = await client(t, model);
  const answer = await openai.embeddings.create({
    ...{ model: 'demo', input: ['Hello', 'you'], dimensions: 2 },
    encoding_format: 'float',
  });
  t.like(answer, { object: 'list', model: 'demo', usage: { prompt_tokens: 3, total_tokens: 3 } });
  t.deepEqual(answer.data[0]?.embedding, [0.6, 0.8]);
  hides(t, answer);
  t.like(askedOf(model), { input: ['Hello', 'you'], dimensions: 2 });
  await endsWith(t, calls, 'UsageSettled', { charge: '0.000003' });
  await openai.embeddings.create({ model: 'demo', input: [[1, 2, 3]], encoding_format: 'float' });
});

test('moderations are counted, for their answers name no usage', async (t) => {
  const { openai, calls } = await client(t, 'gpt-4o');
  const answer = await openai.moderations.create({
    model: 'demo',
    input: [{ type: 'text', text: 'Hello' }],
  });
  t.like(answer, { model: 'demo', results: [{ flagged: true }] });
  t.regex(answer.id, /^modr-[0-9a-f]{32}$/);
  hides(t, answer);
  await endsWith(t, calls, 'UsageSettled', { basis: 'estimate', charge: '0.000001' });
});

const Moderated = z.object({
  model: z.string().optional(),
  error: z.object({ code: z.string(), param: z.string() }).optional(),
});

test('who asks for moderation and names no model gets the usual one, else the default', async (t) => {
  const calls = await upstream.on('gpt-4o');
  const asks = async (sold: Readonly<Record<string, string>>) => {
    const url = await serveV1(t, calls, { aliasFor: (name = 'none') => sold[name] });
    const body = JSON.stringify({ input: 'Hello' });
    const answer = await fetch(`${url}/v1/moderations`, {
      method: 'POST',
      headers: jsonHeaders,
      body,
    });
    const { model, error } = Moderated.parse(await answer.json());
    return model ?? `${error?.code} ${error?.param}`;
  };
  t.is(await asks({ 'omni-moderation-latest': 'demo' }), 'demo');
  t.is(await asks({ none: 'demo' }), 'demo');
  t.is(await asks({}), 'model_not_found model');
});

for (const kind of ['data', 'both'] as const) {
  test(`a picture comes as data, and as an address only with the data in it (${kind})`, async (t) => {
    const model = `dall-e-3?picture=${kind}`;
    const { openai, calls } = await client(t, model);
    const asked = { model: 'demo', prompt: 'Hello', size: '1024x1024' } as const;
    const { data } = await openai.images.generate(asked);
    t.deepEqual(data, [{ b64_json: 'aGV5IQ==', revised_prompt: 'Hello!' }]);
    t.is(askedOf(model)?.response_format, 'b64_json');
    await endsWith(t, calls, 'UsageSettled', { charge: '0.04', usage: { images: 1 } });
    const { data: addresses } = await openai.images.generate({ ...asked, response_format: 'url' });
    t.deepEqual(addresses, [{ url: 'data:image/png;base64,aGV5IQ==', revised_prompt: 'Hello!' }]);
    t.is(askedOf(model)?.response_format, 'b64_json');
  });
}

test('a picture that comes as an upstream’s own address is no answer', async (t) => {
  const { openai, calls } = await client(t, 'dall-e-3?picture=address');
  const call = openai.images.generate({ model: 'demo', prompt: 'Hello' });
  t.like(await t.throwsAsync(call), { status: 502, code: 'upstream_error' });
  await endsWith(t, calls, 'ReservationReleased', { outcome: 'upstream_failed' });
});

test('models that know data alone are not asked for it', async (t) => {
  const model = 'gpt-image-1?n=1';
  const { openai } = await client(t, model);
  await openai.images.generate({ model: 'demo', prompt: 'Hello', response_format: 'b64_json' });
  t.false('response_format' in (askedOf(model) ?? {}));
});

test('pictures stream with their previews, each event under its name', async (t) => {
  const { openai, calls, url } = await client(t, 'gpt-image-1?chunks=2');
  const asked = { model: 'demo', prompt: 'Hello', partial_images: 2, stream: true } as const;
  const events = await Array.fromAsync(await openai.images.generate(asked));
  const types: readonly string[] = events.map(({ type }) => type);
  const previews = ['image_generation.partial_image', 'image_generation.partial_image'];
  t.deepEqual(types, [...previews, 'image_generation.completed']);
  await endsWith(t, calls, 'UsageSettled', { charge: '0.04' });
  const raw = await fetch(`${url}/v1/images/generations`, {
    method: 'POST',
    headers: jsonHeaders,
    body: JSON.stringify(asked),
  });
  t.regex(await raw.text(), /^event: image_generation\.partial_image\ndata: \{/);
});

test('pictures are made from pictures, every part of the form going on as it is', async (t) => {
  const model = 'dall-e-2?chunks=2';
  const { openai, calls } = await client(t, model);
  const { data } = await openai.images.edit({
    ...{ model: 'demo', prompt: 'Hello 你好', n: 2, size: '256x256', user: 'ann' },
    image: [await picture(), await picture()],
    mask: await picture(),
  });
  t.is(data?.length, 2);
  t.like(askedOf(model), {
    ...{ prompt: 'Hello 你好', n: 2, size: '256x256', user: 'ann' },
    ...{ 'image[]': [9, 9], mask: 9, response_format: 'b64_json' },
  });
  await endsWith(t, calls, 'UsageSettled', { charge: '0.08' });
});

test('speech is bytes of the type that was asked for, or events', async (t) => {
  const { openai, calls } = await client(t, 'tts-1?chunks=3');
  const asked = { model: 'demo', input: 'Hello 你好', voice: 'alloy' } as const;
  const response = await openai.audio.speech.create({ ...asked, response_format: 'opus' });
  t.is(response.headers.get('content-type'), 'audio/opus');
  const bytes = Buffer.from(await response.arrayBuffer()).toString();
  t.is(bytes.split('speech.audio.delta').length, 4);
  await endsWith(t, calls, 'UsageSettled', { charge: '0.00008', usage: { characters: 8 } });
  const events = await openai.audio.speech.create({ ...asked, stream_format: 'sse' });
  const text = await events.text();
  t.is(text.match(/speech\.audio\.delta/g)?.length, 3);
  t.regex(text, /speech\.audio\.done.*\n\n$/);
});

test('speech that breaks off breaks the connection, and is free', async (t) => {
  const { openai, calls } = await client(t, 'tts-1?chunks=8&cut=socket');
  const response = await openai.audio.speech.create({ model: 'demo', input: 'Hello', voice: 'x' });
  await t.throwsAsync(response.arrayBuffer());
  await endsWith(t, calls, 'ReservationReleased', { outcome: 'upstream_failed' });
});

test('a stream that breaks off says why, as OpenAI’s clients read it', async (t) => {
  const drawing = await client(t, 'gpt-image-1?chunks=2&cut=error&code=moderation_blocked');
  const drawn = await drawing.openai.images.generate({
    ...{ model: 'demo', prompt: 'Hello', partial_images: 2, stream: true },
  });
  t.like(await t.throwsAsync(Array.fromAsync(drawn)), { code: 'content_policy_violation' });
  await endsWith(t, drawing.calls, 'ReservationReleased', { outcome: 'refused' });
  const hearing = await client(t, 'gpt-4o-transcribe?cut=error&code=rate_limit_exceeded');
  const heard = await hearing.openai.audio.transcriptions.create({
    ...{ model: 'demo', file: await sound(), stream: true },
  });
  t.like(await t.throwsAsync(Array.fromAsync(heard)), { code: 'rate_limit_exceeded' });
  await endsWith(t, hearing.calls, 'ReservationReleased', { outcome: 'upstream_failed' });
  const speaking = await client(t, 'gpt-4o-mini-tts?cut=error&code=content_filter');
  const spoken = await speaking.openai.audio.speech.create({
    ...{ model: 'demo', input: 'Hello', voice: 'alloy', stream_format: 'sse' },
  });
  const last = (await spoken.text()).trimEnd().split('\n').at(-1) ?? '';
  t.like(JSON.parse(last.replace(/^data: /, '')), {
    error: { type: 'invalid_request_error', code: 'content_filter', param: null },
  });
  await endsWith(t, speaking.calls, 'ReservationReleased', { outcome: 'refused' });
});

test('a transcription, as JSON, as text and as subtitles', async (t) => {
  const model = 'whisper-1?chunks=2&input=9';
  const { openai, calls, url } = await client(t, model);
  const file = await sound();
  const answer = await openai.audio.transcriptions.create({
    ...{ model: 'demo', file, language: 'en' },
    timestamp_granularities: ['word', 'segment'],
  });
  t.like(answer, { text: ' word word', usage: { type: 'duration', seconds: 9 } });
  hides(t, answer);
  t.like(askedOf(model), {
    ...{ file: 64_000, language: 'en', 'timestamp_granularities[]': ['word', 'segment'] },
  });
  await endsWith(t, calls, 'UsageSettled', { charge: '0.0009', usage: { seconds: 9 } });
  const formatted = async (format: string) => {
    const form = new FormData();
    form.set('model', 'demo');
    form.set('file', new Blob([Buffer.alloc(8_000)]), 'a.mp3');
    form.set('response_format', format);
    const headers = { authorization: `Bearer ${goodKey}` };
    const init = { method: 'POST', headers, body: form };
    const response = await fetch(`${url}/v1/audio/transcriptions`, init);
    return { type: response.headers.get('content-type'), text: await response.text() };
  };
  const plain = { type: 'text/plain; charset=utf-8', text: ' word word\n' };
  t.deepEqual(await formatted('text'), plain);
  t.is(askedOf(model)?.response_format, 'json');
  t.regex((await formatted('srt')).text, /^1\n00:00:00,000 --> 00:00:07,250\n word word\n$/);
  // The last subtitle ends in the eighth second.
  t.like(calls.ends().at(-1)?.data, { basis: 'usage', usage: { seconds: 8 } });
});

test('a transcription streams, and what says all of it again waits for the charge', async (t) => {
  const { openai, calls } = await client(t, 'gpt-4o-transcribe?chunks=3&input=9');
  const stream = await openai.audio.transcriptions.create({
    ...{ model: 'demo', file: await sound(), stream: true },
  });
  const events = await Array.fromAsync(stream);
  t.deepEqual(
    events.map(({ type }) => type.split('.').at(-1)),
    ['delta', 'delta', 'delta', 'done'],
  );
  hides(t, events);
  await endsWith(t, calls, 'UsageSettled', { charge: '0.0009' });
});

test('who asks a model for a stream that knows none gets its one event', async (t) => {
  const { openai, calls } = await client(t, 'whisper-1?chunks=3&input=9&streams=no');
  const stream = await openai.audio.transcriptions.create({
    ...{ model: 'demo', file: await sound(), stream: true },
  });
  const events = await Array.fromAsync(stream);
  t.like(events, [{ type: 'transcript.text.done', text: ' word word word' }]);
  t.is(events.length, 1);
  await endsWith(t, calls, 'UsageSettled', { basis: 'usage', charge: '0.0009' });
  const broken = await client(t, 'whisper-1?input=9&streams=no&rubbish=first');
  const call = broken.openai.audio.transcriptions.create({
    ...{ model: 'demo', file: await sound(), stream: true },
  });
  t.like(await t.throwsAsync(call), { status: 502 });
  await endsWith(t, broken.calls, 'ReservationReleased', { outcome: 'upstream_failed' });
});

test('a translation', async (t) => {
  const { openai, calls } = await client(t, 'whisper-1?input=3');
  const { text } = await openai.audio.translations.create({ model: 'demo', file: await sound() });
  t.is(text, ' word'.repeat(4));
  await endsWith(t, calls, 'UsageSettled', { charge: '0.0003' });
});

const unpriced: readonly [EndpointName, (openai: OpenAI) => Promise<unknown>][] = [
  ['image_generations', ({ images }) => images.generate({ model: 'demo', prompt: 'Hello' })],
  ['speech', ({ audio }) => audio.speech.create({ model: 'demo', input: 'Hello', voice: 'x' })],
  [
    'transcriptions',
    async ({ audio }) => audio.transcriptions.create({ model: 'demo', file: await sound() }),
  ],
];

for (const [endpoint, ask] of unpriced) {
  test(`what has no price is refused before anything is held (${endpoint})`, async (t) => {
    const list = { input: '1', cachedInput: '0.5', output: '3' };
    const { openai, calls } = await client(t, 'any', { prices: list });
    const fault = await t.throwsAsync(ask(openai));
    t.like(fault, { status: 400, code: 'invalid_request', param: 'model' });
    t.regex(fault?.message ?? '', /no price/);
    t.false(calls.log.events.some(({ type }) => type === 'CreditReserved'));
  });
}

test('what is of the wrong type or beyond all reason is refused by name, and holds nothing', async (t) => {
  const { calls, url } = await client(t, 'any');
  const post = async (path: string, body: object) => {
    const response = await fetch(`${url}/v1${path}`, {
      method: 'POST',
      headers: jsonHeaders,
      body: JSON.stringify({ model: 'demo', ...body }),
    });
    const { error } = JSON.parse(await response.text());
    return `${response.status} ${error.param}`;
  };
  const input = 'x'.repeat(4_097);
  const image = [{ type: 'image_url', image_url: { url: 'https://a.example/b.png' } }];
  t.is(await post('/completions', {}), '400 prompt');
  t.is(await post('/completions', { prompt: [] }), '400 prompt');
  t.is(await post('/completions', { prompt: 'x', best_of: 0 }), '400 best_of');
  t.is(await post('/embeddings', { input: [1.5] }), '400 input');
  t.is(await post('/embeddings', { input: 'x', plugins: [{}] }), '400 plugins');
  t.is(await post('/moderations', { input: image }), '400 input');
  t.is(await post('/images/generations', { prompt: 'x', n: 11 }), '400 n');
  t.is(await post('/images/generations', { prompt: '' }), '400 prompt');
  t.is(await post('/audio/speech', { input, voice: 'x' }), '400 input');
  t.is(await post('/audio/speech', { input: 'x' }), '400 voice');
  t.false(calls.log.events.some(({ type }) => type === 'CreditReserved'));
});

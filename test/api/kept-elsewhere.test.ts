import type { ExecutionContext } from 'ava';
import test from 'ava';
import { z } from 'zod';
import type { Json } from '../../src/adapters/llm/upstream.ts';
import type { PaidMock } from '../support/paid-mock.ts';
import { paidMock } from '../support/paid-mock.ts';
import { goodKey, jsonHeaders, serveV1 } from '../support/v1-server.ts';

/** What a request may not reach at a provider by the operator's key, and what no bound covers. */
let upstream: PaidMock;
test.before(async () => {
  upstream = await paidMock();
});
test.after.always(() => upstream.close());

const Refusal = z.object({
  error: z.looseObject({ message: z.string(), param: z.string().nullish() }),
});

type Options = Parameters<PaidMock['on']>[1];
interface Ask {
  readonly path?: string;
  readonly models?: readonly string[];
  readonly options?: Options;
}

/** The status, and of which field a refusal is. */
async function ask(t: ExecutionContext, body: Json, { path, models, options }: Ask = {}) {
  const calls = await upstream.on(models ?? ['gpt-4o?kept=1'], options);
  const response = await fetch(`${await serveV1(t, calls)}${path ?? '/v1/chat/completions'}`, {
    method: 'POST',
    headers: { ...jsonHeaders, 'x-api-key': goodKey },
    body: JSON.stringify({ model: 'demo', ...body }),
  });
  const told: unknown = await response.json();
  const { data } = Refusal.safeParse(told);
  const isHeld = calls.log.events.some(({ type }) => type === 'CreditReserved');
  return { status: response.status, ...data?.error, isHeld };
}

const wasAsked = (model: string) => upstream.mock.asked.some((each) => each.model === model);

const tokens = { input: '1', cachedInput: '1', output: '3' };
const hello = [{ role: 'user', content: 'Hello' }];
const saying = (part: Json) => [{ role: 'user', content: [part] }];

const ofChats: readonly (readonly [param: string, body: Json])[] = [
  ...[
    ...['previous_response_id', 'conversation', 'container', 'vector_store_ids', 'file_ids'],
    ...['assistant_id', 'thread_id', 'preset', 'context_id', 'knowledge_id', 'data_sources'],
    ...['cached_content', 'search_parameters', 'enable_search', 'enable_code_interpreter'],
    ...['plugins', 'models', 'provider', 'fallbacks', 'mcp_servers', 'connectors', 'deferred'],
    ...['api_base', 'base_url', 'api_key', 'model_list', 'user_config', 'custom_llm_provider'],
    ...['context_window_fallbacks', 'content_policy_fallbacks', 'extra_headers', 'extra_query'],
  ].map((field) => [field, { [field]: ['x'] }] as const),
  ['extra_body.google.cached_content', { extra_body: { google: { cached_content: 'x' } } }],
  ['extra_body.enable_search', { extra_body: { enable_search: true } }],
  ...[
    ...['model', 'messages', 'n', 'max_tokens', 'max_completion_tokens', 'service_tier', 'tools'],
    ...['web_search_options', 'extra_body'],
  ].map((field) => [`extra_body.${field}`, { extra_body: { [field]: 'x' } }] as const),
  ['best_of', { best_of: 5 }],
  ['service_tier', { service_tier: 'priority' }],
  ['tools[0]', { tools: [{ type: 'web_search' }] }],
  ['tools[0]', { tools: [{ type: 'retrieval', retrieval: { knowledge_id: 'x' } }] }],
  ['messages[0].attachments', { messages: [{ ...hello[0], attachments: [{ file_id: 'x' }] }] }],
  ['messages[0].audio', { messages: [{ ...hello[0], audio: { id: 'x' } }] }],
  ...[
    { type: 'file', file: { file_id: 'x' } },
    { type: 'text', text: 'Hello', file_id: 'x' },
    { type: 'image_url', image_url: { url: 'gs://bucket/x.png' } },
    { type: 'image_url', image_url: { url: 'oss://bucket/x.png' } },
    { type: 'image_url', image_url: { url: 'ms://x' } },
    { type: 'video_url', video_url: { url: 'https://x.example/x.mp4' } },
  ].map((part) => ['messages[0].content[0]', { messages: saying(part) }] as const),
];

test('a chat reaches nothing that is kept at a provider, and nothing that has no bound', async (t) => {
  for (const [param, body] of ofChats) {
    const answer = await ask(t, { messages: hello, ...body });
    const told = answer.param?.replace(/\.file_id$/, '');
    t.deepEqual([answer.status, told, answer.isHeld], [400, param, false], JSON.stringify(body));
  }
  t.false(wasAsked('gpt-4o?kept=1'));
});

test('a wish for nothing is none, and names within data are data', async (t) => {
  const parameters = { type: 'object', properties: { file_id: { type: 'string' } } };
  const body = {
    ...{ messages: [{ ...hello[0], attachments: [] }], container: null, enable_search: false },
    ...{
      best_of: 1,
      plugins: [],
      fallbacks: [],
      file_ids: [],
      extra_body: { google: {}, tools: [] },
    },
    ...{ metadata: { conversation: 'x' }, documents: [{ file_id: 'x', text: 'y' }] },
    tools: [{ type: 'function', function: { name: 'read', parameters } }],
  };
  t.is((await ask(t, body, { models: ['gpt-4o'] })).status, 200);
});

test('what asks in other words reaches no more', async (t) => {
  const image = { type: 'image', source: { type: 'file', file_id: 'x' } };
  const document = { type: 'document', source: { type: 'file', file_id: 'x' } };
  const messages = { path: '/v1/messages', body: { max_tokens: 9, messages: hello } };
  const responses = { path: '/v1/responses', body: { input: 'Hello' } };
  const input = (part: Json) => ({ input: [{ role: 'user', content: [part] }] });
  const drawing = { path: '/v1/images/generations', body: { prompt: 'Hello' } };
  const cases: readonly (readonly [{ readonly path: string; readonly body: Json }, Json])[] = [
    ...[
      { container: 'x' },
      { mcp_servers: [{ type: 'url', url: 'https://x.example', name: 'x' }] },
      { tools: [{ type: 'web_search_20250305', name: 'web_search' }] },
      { messages: saying(image) },
      { messages: saying(document) },
      { speed: 'fast' },
    ].map((more) => [messages, more] as const),
    ...[
      { previous_response_id: 'x' },
      { conversation: 'x' },
      { prompt: { id: 'x' } },
      { background: true },
      { container: 'x' },
      { vector_store_ids: ['x'] },
      { tools: [{ type: 'file_search', vector_store_ids: ['x'] }] },
      { tools: [{ type: 'mcp', server_label: 'x' }] },
      { input: [{ type: 'item_reference', id: 'x' }] },
      { input: [{ type: 'mcp_approval_response', approval_request_id: 'x', approve: true }] },
      input({ type: 'input_image', file_id: 'x' }),
      input({ type: 'input_image', image_url: 'gs://x/x.png' }),
      input({ type: 'input_file', file_url: 'https://x.example/x.pdf' }),
      input({ type: 'input_text', text: 'Hello', file_id: 'x' }),
    ].map((more) => [responses, more] as const),
    ...[
      { image: 'asset://x' },
      { image: ['https://x.example/x.png', 'gs://x/x.png'] },
      { image: { url: ' gs://x/x.png' } },
      { images: [{ image_url: { url: 'gs://x/x.png' } }] },
      { images: [{ file_id: 'x' }] },
      { tools: [{ type: 'web_search' }] },
    ].map((more) => [drawing, more] as const),
    ...[{ preset: 'x' }, { deferred: true }].flatMap((more) => [
      [{ path: '/v1/completions', body: { prompt: 'Hello' } }, more] as const,
      [{ path: '/v1/embeddings', body: { input: 'Hello' } }, more] as const,
      [drawing, more] as const,
      [{ path: '/v1/audio/speech', body: { input: 'Hello', voice: 'x' } }, more] as const,
    ]),
  ];
  const prices = { ...tokens, image: '1', character: '1' };
  for (const [{ path, body }, more] of cases) {
    const answer = await ask(t, { ...body, ...more }, { path, options: { prices } });
    const how = `${path} ${JSON.stringify(more)}`;
    t.deepEqual([answer.status, answer.isHeld], [400, false], how);
    t.true(`${answer.param} ${answer.message}`.includes(Object.keys(more)[0] ?? ''), how);
  }
  t.false(wasAsked('gpt-4o?kept=1'));
});

test('a form leads no further', async (t) => {
  const calls = await upstream.on('gpt-image-1?kept=1', { prices: { ...tokens, image: '1' } });
  const url = `${await serveV1(t, calls)}/v1/images/edits`;
  for (const field of ['images', 'images[]', 'mask[]']) {
    const form = new FormData();
    form.set('model', 'demo');
    form.set('prompt', 'Hello');
    form.set('image', new Blob([Buffer.alloc(80)], { type: 'image/png' }), 'a.png');
    form.set(field, 'gs://bucket/x.png');
    const headers = { authorization: `Bearer ${goodKey}` };
    const response = await fetch(url, { method: 'POST', headers, body: form });
    t.is(response.status, 400, field);
    t.is(Refusal.parse(await response.json()).error.param, field.replace('[]', ''));
  }
  t.false(wasAsked('gpt-image-1?kept=1'));
});

test('a sound comes with its request, and not from elsewhere', async (t) => {
  const calls = await upstream.on('whisper-1?kept=1', { prices: { ...tokens, second: '1' } });
  const url = `${await serveV1(t, calls)}/v1/audio/transcriptions`;
  for (const [field, value] of [
    ['url', 'https://x.example/ten-hours.mp3'],
    ['file_id', 'x'],
  ] as const) {
    const form = new FormData();
    form.set('model', 'demo');
    form.set('file', new Blob([Buffer.alloc(8_000)]), 'a.mp3');
    form.set(field, value);
    const headers = { authorization: `Bearer ${goodKey}` };
    const response = await fetch(url, { method: 'POST', headers, body: form });
    t.is(response.status, 400);
    t.is(Refusal.parse(await response.json()).error.param, field);
  }
  t.false(wasAsked('whisper-1?kept=1'));
});

const named = 'fileid://file-fe-1';

test('no text of a member’s names a file to a model that would read it', async (t) => {
  for (const model of ['qwen-long', 'qwen-long-latest', 'qwen-doc-turbo']) {
    for (const [param, messages] of [
      ['messages[0].content', [{ role: 'system', content: named }, ...hello]],
      ['messages[1].content[0]', [...hello, ...saying({ type: 'text', text: `A ${named}` })]],
    ] as const) {
      const answer = await ask(t, { messages }, { models: [`${model}?kept=1`] });
      t.like(answer, { status: 400, param }, model);
      t.regex(answer.message ?? '', /kept at a provider/);
    }
    t.false(wasAsked(`${model}?kept=1`));
    t.is((await ask(t, { messages: hello }, { models: [model] })).status, 200);
  }
  const own = { path: '/v1/messages', models: ['qwen-long?kept=1'] };
  t.is((await ask(t, { max_tokens: 9, system: named, messages: hello }, own)).status, 400);
});

test('to other models it is a text as any other', async (t) => {
  const messages = [{ role: 'system', content: named }, ...hello];
  for (const models of [['qwen-plus'], ['gpt-4o'], ['qwen-long?kept=1', 'gpt-4o']]) {
    t.is((await ask(t, { messages }, { models })).status, 200);
  }
  t.false(wasAsked('qwen-long?kept=1'));
});

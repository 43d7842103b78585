import test from 'ava';
import type { Json } from '../../src/adapters/llm/upstream.ts';
import { MessagesReply } from '../../src/api/anthropic/schemas.ts';
import { AnthropicError } from '../../src/api/error-schemas.ts';
import { aPdf } from '../support/paid-calls.ts';
import { cost, endsWith, paidMockFor } from '../support/paid-mock.ts';
import { serveV1 } from '../support/v1-server.ts';
import { paidEndpointContract } from './paid-endpoint.contract.ts';

const upstream = paidMockFor(test);

const headers = {
  'x-api-key': 'sk-good',
  'anthropic-version': '2023-06-01',
  'content-type': 'application/json',
};
const hello = { role: 'user', content: 'Hello' };

const post = (url: string, more: Json, init: RequestInit = {}) =>
  fetch(`${url}/v1/messages`, {
    method: 'POST',
    headers,
    body: JSON.stringify({ model: 'demo', max_tokens: 64, messages: [hello], ...more }),
    ...init,
  });

paidEndpointContract(test, {
  upstream: () => upstream,
  ...{ path: '/v1/messages', headers },
  body: (limit) => ({ model: 'demo', max_tokens: limit, messages: [hello] }),
  ...{ held: /message_delta|message_stop/, end: /message_stop/ },
  codeIn: (body) => AnthropicError.parse(body).error.type,
  codes: { failed: 'api_error', refused: 'invalid_request_error' },
});

/** The events of a stream; each is named as its data says. */
function eventsIn(text: string): readonly Json[] {
  return text
    .trimEnd()
    .split('\n\n')
    .map((event) => {
      const [, name = '', data = ''] = /^event: (\w+)\ndata: (.*)$/.exec(event) ?? [];
      const parsed: Json = JSON.parse(data);
      if (parsed.type !== name) throw new Error(`${name} is not what ${data} is.`);
      return parsed;
    });
}

test('a message comes as Anthropic’s, whoever wrote it, and its input has no cached tokens', async (t) => {
  const calls = await upstream.on('gpt-4o?input=100&cached=40&chunks=5&reasoning=2');
  const response = await post(await serveV1(t, calls), {});
  t.is(response.status, 200);
  t.is(response.headers.get('request-id'), response.headers.get('x-request-id'));
  const message = MessagesReply.parse(await response.json());
  t.like(message, {
    type: 'message',
    role: 'assistant',
    model: 'demo',
    content: [{ type: 'text', text: ' word'.repeat(5) }],
    stop_reason: 'end_turn',
    stop_sequence: null,
    usage: { input_tokens: 60, cache_read_input_tokens: 40, output_tokens: 7 },
  });
  t.regex(message.id, /^msg_[0-9a-f]{32}$/);
  await endsWith(t, calls, 'UsageSettled', { basis: 'usage', charge: cost(60, 7, 40) });
});

test('a stream has Anthropic’s events in their order, and ends when it is charged', async (t) => {
  const calls = await upstream.on('gpt-4o?input=9&chunks=3');
  const response = await post(await serveV1(t, calls), { stream: true });
  t.is(response.headers.get('content-type'), 'text/event-stream; charset=utf-8');
  const events = eventsIn(await response.text());
  t.deepEqual(
    events.map(({ type }) => type),
    [
      'message_start',
      'content_block_start',
      ...Array.from({ length: 3 }, () => 'content_block_delta'),
      'content_block_stop',
      'message_delta',
      'message_stop',
    ],
  );
  t.like(events[0], { message: { model: 'demo', content: [], stop_reason: null } });
  t.like(events[2], { index: 0, delta: { type: 'text_delta', text: ' word' } });
  t.like(events.at(-2), {
    delta: { stop_reason: 'end_turn', stop_sequence: null },
    usage: { input_tokens: 9, output_tokens: 3 },
  });
  t.is(calls.ends().length, 1, 'charged before the last event');
  await endsWith(t, calls, 'UsageSettled', { basis: 'usage', charge: cost(9, 3) });
});

test('an answer without usage is counted, and says what was charged', async (t) => {
  const calls = await upstream.on('gpt-4o?chunks=6&usage=no');
  const events = eventsIn(await (await post(await serveV1(t, calls), { stream: true })).text());
  t.like(events.at(-2), { usage: { input_tokens: 8, output_tokens: 6 } });
  await endsWith(t, calls, 'UsageSettled', { basis: 'estimate', charge: cost(8, 6) });
});

test('an answer that breaks in the middle ends in an error event, and is free', async (t) => {
  const calls = await upstream.on('gpt-4o?cut=socket');
  const response = await post(await serveV1(t, calls), { stream: true });
  t.is(response.status, 200);
  const events = eventsIn(await response.text());
  const last = AnthropicError.parse(events.at(-1));
  t.is(last.error.type, 'api_error');
  t.is(last.request_id, response.headers.get('x-request-id') ?? '');
  t.false(events.some(({ type }) => type === 'message_stop'));
  await endsWith(t, calls, 'ReservationReleased', { outcome: 'upstream_failed' });
});

test('errors have Anthropic’s shape and the status of ours', async (t) => {
  const url = await serveV1(t, await upstream.on('gpt-4o', { credit: { CNY: '0.000001' } }));
  const cases = [
    [await post(url, { model: 'none' }), 404, 'not_found_error'],
    [await post(url, {}, { headers: {} }), 401, 'authentication_error'],
    [await post(url, {}, { headers: { 'x-api-key': 'sk-bad' } }), 401, 'authentication_error'],
    [await post(url, {}), 429, 'rate_limit_error'],
    [await post(url, { max_tokens: undefined }), 400, 'invalid_request_error'],
    [await post(url, {}, { body: '{"model": ' }), 400, 'invalid_request_error'],
    [await post(url, { padding: 'x'.repeat(34_000_000) }), 413, 'request_too_large'],
    [await fetch(`${url}/v1/messages`), 405, 'invalid_request_error'],
    [
      await fetch(`${url}/v1/messages/unknown`, { method: 'POST', headers }),
      404,
      'not_found_error',
    ],
  ] as const;
  for (const [response, status, type] of cases) {
    t.is(response.status, status, type);
    t.is(AnthropicError.parse(await response.json()).error.type, type);
  }
  t.is(cases[3][0].headers.get('x-should-retry'), 'false');
});

test('a bearer key is as good as one in `x-api-key`, which is one only here', async (t) => {
  const url = await serveV1(t, await upstream.on('gpt-4o'));
  const bearer = { authorization: 'Bearer sk-good', 'content-type': 'application/json' };
  t.is((await post(url, {}, { headers: bearer })).status, 200);
  const asOpenAi = await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers,
    body: JSON.stringify({ model: 'demo', messages: [hello] }),
  });
  t.is(asOpenAi.status, 401);
  t.like(await asOpenAi.json(), { error: { code: 'invalid_api_key' } });
});

const saying = (...content: readonly Json[]) => ({ messages: [{ role: 'user', content }] });
const aDocument = {
  type: 'document',
  source: {
    ...{ type: 'base64', media_type: 'application/pdf' },
    data: aPdf.file.file_data.slice('data:application/pdf;base64,'.length),
  },
};

const wrong: readonly [Json, RegExp][] = [
  [{ max_tokens: 0 }, /max_tokens/],
  [{ messages: [] }, /messages/],
  [{ messages: [{ role: 'tool', content: 'x' }] }, /messages\[0\].role/],
  [{ messages: [{ role: 'user', content: [{ type: 'document' }] }] }, /messages\[0\].content\[0\]/],
  ...[
    { type: 'url', url: 'https://example.com/a.pdf' },
    { type: 'file', file_id: 'file_1' },
    { type: 'base64', media_type: 'text/plain', data: 'QQ==' },
    { type: 'text', media_type: 'text/plain', data: '' },
    { type: 'content', content: [{ type: 'image' }] },
  ].map((source): [Json, RegExp] => [
    saying({ type: 'document', source }),
    /messages\[0\].content\[0\]\.source/,
  ]),
  [saying({ ...aDocument, citations: { enabled: true } }), /citations\.enabled/],
  // Nobody said how much the model reads.
  [saying(aDocument), /max_input_tokens.*messages\[0\]\.content\[0\]/],
  [
    saying({ ...aDocument, source: { ...aDocument.source, data: 'QUFBQQ==' } }),
    /messages\[0\]\.content\[0\].*PDF/,
  ],
  [{ temperature: 1.5 }, /temperature/],
  [{ system: [{ type: 'image' }] }, /system\[0\]/],
  [{ tools: [{ type: 'web_search_20250305', name: 'web_search' }] }, /tools\[0\]/],
  [{ tool_choice: { type: 'every' } }, /tool_choice/],
  [{ thinking: { type: 'enabled', budget_tokens: 5 } }, /thinking\.budget_tokens/],
  [{ mcp_servers: [] }, /mcp_servers/],
  [{ container: 'c' }, /container/],
  [{ speed: 'fast' }, /speed/],
];

test('what is wrong, or has a cost that nothing bounds, is refused by name and holds nothing', async (t) => {
  const calls = await upstream.on('gpt-4o');
  const url = await serveV1(t, calls);
  for (const [more, named] of wrong) {
    const response = await post(url, more);
    t.is(response.status, 400, JSON.stringify(more));
    t.regex(AnthropicError.parse(await response.json()).error.message, named);
  }
  t.false(calls.log.events.some(({ type }) => type === 'CreditReserved'));
});

test('an upstream of OpenAI’s is told nothing in Anthropic’s words', async (t) => {
  const calls = await upstream.on('o3-mini?chunks=1');
  const cached = { cache_control: { type: 'ephemeral' } };
  const response = await post(await serveV1(t, calls), {
    system: [{ type: 'text', text: 'Be brief.', ...cached }],
    messages: [
      hello,
      {
        role: 'assistant',
        content: [
          { type: 'thinking', thinking: 'hm', signature: 'c2ln' },
          { type: 'tool_use', id: 'toolu_1', name: 'look', input: { at: 1 } },
        ],
      },
      {
        role: 'user',
        content: [
          {
            type: 'tool_result',
            tool_use_id: 'toolu_1',
            content: 'seen',
            is_error: true,
            ...cached,
          },
          { type: 'text', text: 'And?' },
        ],
      },
    ],
    tools: [{ name: 'look', input_schema: { type: 'object' }, ...cached }],
    tool_choice: { type: 'any', disable_parallel_tool_use: true },
    stop_sequences: ['END'],
    thinking: { type: 'enabled', budget_tokens: 2_000 },
    context_management: { edits: [] },
    metadata: { user_id: 'u-1' },
    top_k: 3,
  });
  t.is(response.status, 200);
  const sent = upstream.mock.asked.find(({ model }) => model === 'o3-mini?chunks=1');
  t.deepEqual(sent && JSON.parse(JSON.stringify(sent)).messages, [
    { role: 'system', content: [{ type: 'text', text: 'Be brief.' }] },
    { role: 'user', content: 'Hello' },
    {
      role: 'assistant',
      content: '',
      tool_calls: [
        { id: 'toolu_1', type: 'function', function: { name: 'look', arguments: '{"at":1}' } },
      ],
    },
    { role: 'tool', tool_call_id: 'toolu_1', content: 'seen' },
    { role: 'user', content: 'And?' },
  ]);
  t.like(sent, {
    max_tokens: 64,
    reasoning_effort: 'low',
    stop: ['END'],
    tool_choice: 'required',
    parallel_tool_calls: false,
    tools: [{ type: 'function', function: { name: 'look', parameters: { type: 'object' } } }],
    user: 'u-1',
  });
  for (const field of ['thinking', 'top_k', 'context_management', 'system', 'stop_sequences']) {
    t.is(sent?.[field], undefined, field);
  }
  t.notRegex(JSON.stringify(sent), /cache_control|reasoning_details|is_error/);
});

const notes = (source: Json) => ({ type: 'document', source, title: 'notes', context: 'Mine.' });
const text = { type: 'text', media_type: 'text/plain', data: 'One.' };

test('documents are files to an upstream of OpenAI’s, and texts what they say', async (t) => {
  const model = 'gpt-4o?input=9&chunks=2';
  const calls = await upstream.on(model, { maxInputTokens: 4_000 });
  const content = { type: 'content', content: [text, text].map(({ data }) => said(data)) };
  const response = await post(await serveV1(t, calls), {
    messages: [
      { role: 'user', content: 'Look.' },
      {
        role: 'assistant',
        content: [{ type: 'tool_use', id: 'toolu_1', name: 'look', input: {} }],
      },
      {
        role: 'user',
        content: [
          { type: 'tool_result', tool_use_id: 'toolu_1', content: [said('Seen.'), aDocument] },
          ...[notes(text), notes(content), said('So?')],
        ],
      },
    ],
  });
  t.is(response.status, 200, await response.text());
  const { messages } = JSON.parse(
    JSON.stringify(upstream.mock.asked.find((each) => each.model === model)),
  );
  t.deepEqual(messages.slice(2), [
    { role: 'tool', tool_call_id: 'toolu_1', content: 'Seen.' },
    {
      role: 'user',
      content: [
        { ...aPdf, file: { ...aPdf.file, filename: 'document.pdf' } },
        ...[said('Mine.'), said('notes\n\nOne.')],
        ...[said('Mine.'), said('notes\n\nOne.\n\nOne.'), said('So?')],
      ],
    },
  ]);
  const reserved = calls.log.events.find(({ type }) => type === 'CreditReserved');
  t.like(reserved?.data, { tokens: `${4_000 + 64}` });
  await endsWith(t, calls, 'UsageSettled', { basis: 'usage', charge: cost(9, 2) });
});

const said = (words: string) => ({ type: 'text', text: words });

test('a name of a user that OpenAI would find too long is sent as its hash, and a chat’s own as it is', async (t) => {
  const session = `user_${'ab'.repeat(32)}_account__session_01234567-89ab-cdef-0123-456789abcdef`;
  const userSent = async (path: string, more: Json, model: string) => {
    const url = await serveV1(t, await upstream.on(model));
    const body = { model: 'demo', max_tokens: 64, messages: [hello], ...more };
    const keyed = { ...headers, authorization: 'Bearer sk-good' };
    const init = { method: 'POST', headers: keyed, body: JSON.stringify(body) };
    t.is((await fetch(`${url}${path}`, init)).status, 200);
    const sent = upstream.mock.asked.filter((each) => each.model === model);
    return sent.map(({ user }) => user)[0];
  };
  const named = (id: string) => ({ metadata: { user_id: id } });
  const hashed = String(await userSent('/v1/messages', named(session), 'user-a?chunks=1'));
  t.regex(hashed, /^[0-9a-f]{64}$/);
  t.is(await userSent('/v1/messages', named(session), 'user-b?chunks=1'), hashed);
  t.not(await userSent('/v1/messages', named(`${session}0`), 'user-c?chunks=1'), hashed);
  const short = session.slice(0, 64);
  t.is(await userSent('/v1/messages', named(short), 'user-d?chunks=1'), short);
  const chat = '/v1/chat/completions';
  t.is(await userSent(chat, { user: session }, 'user-e?chunks=1'), session);
});

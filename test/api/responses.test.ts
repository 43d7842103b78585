import test from 'ava';
import type { Json } from '../../src/adapters/llm/upstream.ts';
import { OpenAiError } from '../../src/api/error-schemas.ts';
import { ResponsesReply } from '../../src/api/responses/schemas.ts';
import { assertMatches, mismatches } from '../openai/schemas.ts';
import type { PaidMock } from '../support/paid-mock.ts';
import { cost, endsWith, paidMock } from '../support/paid-mock.ts';
import { jsonHeaders, serveV1 } from '../support/v1-server.ts';
import { paidEndpointContract } from './paid-endpoint.contract.ts';

let upstream: PaidMock;
test.before(async () => {
  upstream = await paidMock();
  // Takes a while, in which connections would be given up.
  for (const name of ['Response', 'ResponseStreamEvent']) mismatches(name, {});
});
test.after.always(() => upstream.close());

const post = (url: string, more: Json, init: RequestInit = {}, path = '') =>
  fetch(`${url}/v1/responses${path}`, {
    method: 'POST',
    headers: jsonHeaders,
    body: JSON.stringify({ model: 'demo', input: 'Hello', ...more }),
    ...init,
  });

paidEndpointContract(test, {
  upstream: () => upstream,
  ...{ path: '/v1/responses', headers: jsonHeaders },
  body: (limit) => ({ model: 'demo', input: 'Hello', max_output_tokens: limit }),
  ...{ held: /response\.completed|output_text\.done/, end: /response\.completed/ },
  codeIn: (body) => OpenAiError.parse(body).error.code ?? '',
  codes: { failed: 'upstream_error', refused: 'invalid_request' },
});

/** The events of a stream; each is named as its data says, and as OpenAI publishes it. */
function eventsIn(text: string): readonly Json[] {
  return text
    .trimEnd()
    .split('\n\n')
    .map((event, at) => {
      const [, name = '', data = ''] = /^event: ([\w.]+)\ndata: (.*)$/.exec(event) ?? [];
      const parsed: Json = JSON.parse(data);
      if (parsed.type !== name) throw new Error(`${name} is not what ${data} is.`);
      const { sequence_number: number } = parsed;
      if (number !== at) throw new Error(`${data} is out of order.`);
      assertMatches('ResponseStreamEvent', parsed);
      return parsed;
    });
}

test('a response comes as OpenAI’s, whoever wrote it', async (t) => {
  const calls = await upstream.on('gpt-4o?input=100&cached=40&chunks=5&reasoning=2');
  const response = await post(await serveV1(t, calls), {
    instructions: 'Be brief.',
    metadata: { own: 'id' },
    max_output_tokens: 50,
    store: true,
    truncation: 'auto',
  });
  t.is(response.status, 200);
  const body: unknown = await response.json();
  assertMatches('Response', body);
  const reply = ResponsesReply.parse(body);
  t.like(reply, {
    object: 'response',
    status: 'completed',
    model: 'demo',
    output: [
      {
        type: 'message',
        role: 'assistant',
        status: 'completed',
        content: [{ type: 'output_text', text: ' word'.repeat(5) }],
      },
    ],
    usage: {
      input_tokens: 100,
      input_tokens_details: { cached_tokens: 40 },
      output_tokens: 7,
      output_tokens_details: { reasoning_tokens: 2 },
      total_tokens: 107,
    },
    // What was wished, and what was done.
    ...{ instructions: 'Be brief.', metadata: { own: 'id' }, max_output_tokens: 50 },
    ...{ store: false, truncation: 'disabled', background: false, previous_response_id: null },
  });
  t.regex(reply.id, /^resp_[0-9a-f]{32}$/);
  const sent = upstream.mock.asked.findLast(({ model }) => model.includes('cached=40'));
  t.like(sent, {
    max_tokens: 50,
    messages: [
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'Hello' },
    ],
  });
  for (const field of ['store', 'metadata', 'truncation', 'input']) t.false(field in (sent ?? {}));
  await endsWith(t, calls, 'UsageSettled', { basis: 'usage', charge: cost(60, 7, 40) });
});

test('a stream has OpenAI’s events in their order, and ends when it is charged', async (t) => {
  const calls = await upstream.on('gpt-4o?input=9&chunks=3');
  const response = await post(await serveV1(t, calls), { stream: true });
  t.is(response.headers.get('content-type'), 'text/event-stream; charset=utf-8');
  const events = eventsIn(await response.text());
  t.deepEqual(
    events.map(({ type }) => type),
    [
      ...['response.created', 'response.in_progress'],
      ...['response.output_item.added', 'response.content_part.added'],
      ...Array.from({ length: 3 }, () => 'response.output_text.delta'),
      ...['response.output_text.done', 'response.content_part.done'],
      ...['response.output_item.done', 'response.completed'],
    ],
  );
  t.like(events[0], { response: { model: 'demo', status: 'in_progress', output: [] } });
  t.like(events[4], { output_index: 0, content_index: 0, delta: ' word', logprobs: [] });
  t.like(events.at(-1), {
    response: { status: 'completed', usage: { input_tokens: 9, output_tokens: 3 } },
  });
  t.is(calls.ends().length, 1, 'charged before the last event');
  await endsWith(t, calls, 'UsageSettled', { basis: 'usage', charge: cost(9, 3) });
});

test('an answer that breaks in the middle says so in its response and in an error, and is free', async (t) => {
  const calls = await upstream.on('gpt-4o?cut=socket');
  const response = await post(await serveV1(t, calls), { stream: true });
  t.is(response.status, 200);
  const events = eventsIn(await response.text());
  t.like(events.at(-2), {
    type: 'response.failed',
    response: {
      status: 'failed',
      error: { code: 'server_error' },
      output: [{ status: 'incomplete' }],
    },
  });
  t.like(events.at(-1), {
    type: 'error',
    code: 'upstream_error',
    error: { type: 'upstream_error', code: 'upstream_error' },
  });
  await endsWith(t, calls, 'ReservationReleased', { outcome: 'upstream_failed' });
});

test('an allowance of characters that ends cuts the answer, which says so', async (t) => {
  const calls = await upstream.on('gpt-4o?chunks=20', { credit: { characters: '1000' } });
  const asked = { stream: true, max_output_tokens: 2 };
  const events = eventsIn(await (await post(await serveV1(t, calls), asked)).text());
  t.like(events.at(-1), {
    type: 'response.incomplete',
    response: {
      status: 'incomplete',
      incomplete_details: { reason: 'max_output_tokens' },
      output: [{ status: 'incomplete' }],
    },
  });
  await endsWith(t, calls, 'UsageSettled', { asset: 'characters' });
});

test('errors have OpenAI’s shape and the status of ours', async (t) => {
  const url = await serveV1(t, await upstream.on('gpt-4o', { credit: { CNY: '0.000001' } }));
  const cases = [
    [await post(url, { model: 'none' }), 404, 'model_not_found'],
    [await post(url, {}, { headers: {} }), 401, 'invalid_api_key'],
    [
      await post(url, {}, { headers: { ...jsonHeaders, authorization: 'Bearer no' } }),
      401,
      'invalid_api_key',
    ],
    [await post(url, {}), 429, 'insufficient_quota'],
    [await post(url, { input: undefined }), 400, 'invalid_request'],
    [await post(url, {}, { body: '{"model": ' }), 400, 'invalid_json'],
    [await post(url, { padding: 'x'.repeat(34_000_000) }), 413, 'body_too_large'],
    [await fetch(`${url}/v1/responses`), 405, 'method_not_allowed'],
    [await fetch(`${url}/v1/responses/resp_1`), 404, 'not_found'],
  ] as const;
  for (const [response, status, code] of cases) {
    t.is(response.status, status, code);
    t.is(OpenAiError.parse(await response.json()).error.code, code);
  }
  t.is(cases[3][0].headers.get('x-should-retry'), 'false');
});

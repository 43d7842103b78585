import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import test from 'ava';
import type { Json } from '../../src/adapters/llm/upstream.ts';
import { OpenAiError } from '../../src/api/error-schemas.ts';
import { eventually } from '../support/eventually.ts';
import { endsWith, paidMockFor } from '../support/paid-mock.ts';
import { routeTo } from '../support/routes.ts';
import { jsonHeaders, serveV1 } from '../support/v1-server.ts';
import { paidEndpointContract } from './paid-endpoint.contract.ts';

const upstream = paidMockFor(test);

const messages = [{ role: 'user', content: 'Hello' }];

const post = (url: string, body: unknown, init: RequestInit = {}) =>
  fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: jsonHeaders,
    body: typeof body === 'string' ? body : JSON.stringify(body),
    ...init,
  });

const demo = (more: Json = {}) => ({ model: 'demo', messages, ...more });

paidEndpointContract(test, {
  upstream: () => upstream,
  ...{ path: '/v1/chat/completions', headers: jsonHeaders },
  body: (limit) => demo({ max_tokens: limit }),
  ...{ held: /\[DONE\]/, end: /\[DONE\]/ },
  codeIn: (body) => OpenAiError.parse(body).error.code ?? '',
  codes: { failed: 'upstream_error', refused: 'invalid_request' },
});

test('a body comes as OpenAI’s, with our request id', async (t) => {
  const calls = await upstream.on('gpt-4o');
  const response = await post(await serveV1(t, calls), demo());
  t.is(response.status, 200);
  t.regex(response.headers.get('x-request-id') ?? '', /^req_/);
  t.regex(response.headers.get('content-type') ?? '', /^application\/json/);
  t.like(await response.json(), {
    object: 'chat.completion',
    model: 'demo',
    usage: { prompt_tokens: 10, completion_tokens: 4 },
  });
  await endsWith(t, calls, 'UsageSettled', { basis: 'usage' });
});

test('a stream comes as events and ends with its mark', async (t) => {
  const calls = await upstream.on('gpt-4o?chunks=3');
  const response = await post(await serveV1(t, calls), demo({ stream: true }));
  t.is(response.headers.get('content-type'), 'text/event-stream; charset=utf-8');
  const events = (await response.text()).split('\n\n');
  t.is(events.pop(), '');
  t.is(events.pop(), 'data: [DONE]');
  const chunks: Json[] = events.map((event) => JSON.parse(event.slice('data: '.length)));
  t.is(chunks.length, 4);
  t.true(chunks.every(({ object }) => object === 'chat.completion.chunk'));
  await endsWith(t, calls, 'UsageSettled', { basis: 'usage' });
});

test('an answer that breaks in the middle ends in an error event, without the mark', async (t) => {
  const calls = await upstream.on('gpt-4o?cut=socket');
  const response = await post(await serveV1(t, calls), demo({ stream: true }));
  t.is(response.status, 200);
  const events = (await response.text()).trimEnd().split('\n\n');
  const last = JSON.parse((events.at(-1) ?? '').slice('data: '.length));
  t.like(last, { error: { code: 'upstream_error', param: null } });
  await endsWith(t, calls, 'ReservationReleased', { outcome: 'upstream_failed' });
});

const wrong: readonly [Json, string][] = [
  [{ n: 0 }, 'n'],
  [{ n: 129 }, 'n'],
  [{ n: 1.5 }, 'n'],
  [{ n: 2 ** 64 }, 'n'],
  [{ max_tokens: -1 }, 'max_tokens'],
  [{ max_tokens: '100' }, 'max_tokens'],
  [{ max_completion_tokens: 1e12 }, 'max_completion_tokens'],
  [{ stream: 'yes' }, 'stream'],
  [{ stream_options: true }, 'stream_options'],
  [{ stream_options: { include_usage: 1 } }, 'stream_options.include_usage'],
  [{ messages: [] }, 'messages'],
  [{ messages: 'Hello' }, 'messages'],
  [{ messages: ['Hello'] }, 'messages[0]'],
  [{ messages: [{ content: 'Hello' }] }, 'messages[0].role'],
  [{ model: 7 }, 'model'],
  [{ temperature: 'hot' }, 'temperature'],
  [{ tools: {} }, 'tools'],
  [
    { messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'x' } }] }] },
    'messages[0].content[0]',
  ],
  [{ modalities: ['audio'] }, 'modalities'],
];

test('what is of the wrong type or beyond all reason is refused, by name, and holds nothing', async (t) => {
  const calls = await upstream.on('gpt-4o');
  const url = await serveV1(t, calls);
  for (const [more, param] of wrong) {
    const response = await post(url, demo(more));
    t.is(response.status, 400, JSON.stringify(more));
    t.like(await response.json(), { error: { param, type: 'invalid_request_error' } });
  }
  const bad = await post(url, '{"model": "demo", ');
  t.is(bad.status, 400);
  const huge = await post(url, demo({ padding: 'x'.repeat(33 * 1_024 * 1_024) }));
  t.is(huge.status, 413);
  t.false(calls.log.events.some(({ type }) => type === 'CreditReserved'));
});

test('unknown fields go to the upstream as they are, and so do nulls', async (t) => {
  const calls = await upstream.on('passes-on?chunks=1');
  const more = { top_k: 3, nested: { a: [1, null] }, stop: null, max_tokens: null };
  await post(await serveV1(t, calls), demo(more));
  const sent = upstream.mock.asked.find(({ model: name }) => name === 'passes-on?chunks=1');
  t.like(sent, { top_k: 3, nested: { a: [1, null] }, stop: null, max_tokens: 64 });
});

test('no limit goes out below 1, whatever was asked for', async (t) => {
  const calls = await upstream.on('least?chunks=1');
  for (const more of [{ max_tokens: 0 }, { max_completion_tokens: 0, max_tokens: 9 }]) {
    t.is((await post(await serveV1(t, calls), demo(more))).status, 200);
    t.is(
      upstream.mock.asked.findLast(({ model: name }) => name === 'least?chunks=1')?.max_tokens,
      1,
    );
  }
});

test('what is left out of a request is told in a header', async (t) => {
  const calls = await upstream.on('searches?chunks=1');
  const asked = demo({ web_search_options: { search_context_size: 'low' } });
  const response = await post(await serveV1(t, calls), asked);
  t.is(response.headers.get('x-ignored-parameters'), 'web_search_options');
  const sent = upstream.mock.asked.find(({ model: name }) => name === 'searches?chunks=1');
  t.false('web_search_options' in (sent ?? {}));
});

test('a client is told that we are still there while its upstream is silent', async (t) => {
  const calls = await upstream.on('gpt-4o?chunks=3&delay=100');
  const response = await post(await serveV1(t, calls, { keepAliveMs: 20 }), demo({ stream: true }));
  const text = await response.text();
  t.regex(text, /\n\n: keep-alive\n\n/);
  t.true(text.endsWith('data: [DONE]\n\n'));
  t.is(text.match(/"content":" word"/g)?.length, 3);
});

test('an upstream is read no faster than its client reads', async (t) => {
  const calls = await upstream.on('gpt-4o?huge=200000&chunks=400', { credit: { CNY: '1000' } });
  const client = httpRequest(`${await serveV1(t, calls)}/v1/chat/completions`, {
    method: 'POST',
    headers: jsonHeaders,
  });
  client.on('error', () => undefined);
  const before = upstream.mock.written();
  client.end(JSON.stringify(demo({ stream: true, max_tokens: 1_000_000 })));
  const [response] = await once(client, 'response');
  response.on('error', () => undefined);
  response.pause();
  await eventually(() => upstream.mock.waiting() > 0);
  // Buffers on the way take some; the whole answer is 80 MB.
  t.true(upstream.mock.written() - before < 40_000_000);
  client.destroy();
  await endsWith(t, calls, 'UsageSettled', { outcome: 'client_closed' });
});

test('an unknown model is 404, a missing key 401, credit that is gone a final 429', async (t) => {
  const url = await serveV1(t, await upstream.on('gpt-4o', { credit: { CNY: '0.000001' } }));
  const unknown = await post(url, demo({ model: 'none' }));
  t.is(unknown.status, 404);
  t.like(await unknown.json(), { error: { code: 'model_not_found', param: 'model' } });
  t.is((await post(url, demo(), { headers: {} })).status, 401);
  const poor = await post(url, demo());
  t.is(poor.status, 429);
  t.is(poor.headers.get('x-should-retry'), 'false');
  t.like(await poor.json(), { error: { code: 'insufficient_quota' } });
});

test('behind a closed gate nothing is reserved', async (t) => {
  const calls = await upstream.on('gpt-4o');
  const url = await serveV1(t, calls, { gate: () => 'log_away' });
  const response = await post(url, demo());
  t.is(response.status, 503);
  const message = 'The event log is away; try again in a moment.';
  t.like(await response.json(), { error: { message, code: 'unavailable' } });
  const chinese = { headers: { ...jsonHeaders, 'accept-language': 'zh-CN,zh;q=0.9' } };
  t.like(await (await post(url, demo(), chinese)).json(), {
    error: { message: '事件日志暂时不可用，请稍后再试。', code: 'unavailable' },
  });
  t.false(calls.log.events.some(({ type }) => type === 'CreditReserved'));
});

test('the models are listed as OpenAI lists them, and found one by one', async (t) => {
  const url = await serveV1(t, await upstream.on('gpt-4o'));
  const get = (path: string) => fetch(`${url}${path}`, { headers: jsonHeaders });
  t.like(await (await get('/v1/models')).json(), {
    object: 'list',
    data: [
      { id: 'a/b', object: 'model' },
      { id: 'demo', owned_by: 'llm-member' },
    ],
  });
  for (const written of ['a%2Fb', 'a/b']) {
    t.like(await (await get(`/v1/models/${written}`)).json(), { id: 'a/b' });
  }
  t.is((await get('/v1/models/none')).status, 404);
});

test('a call goes where its scenario says', async (t) => {
  const conditions = { scenarios: ['code'] };
  const calls = await upstream.on('any', {
    route: routeTo([
      { upstream: 'mock', model: 'for-all', weight: 1 },
      { upstream: 'mock', model: 'for-code', weight: 1, conditions },
    ]),
  });
  const url = await serveV1(t, calls);
  const asked = async (scenario: string) => {
    const given = scenario === '' ? {} : { 'x-scenario': scenario };
    const { status } = await post(url, demo(), { headers: { ...jsonHeaders, ...given } });
    t.is(status, 200);
    return upstream.mock.asked.findLast(({ model: name }) => name.startsWith('for-'))?.model;
  };
  t.is(await asked('code'), 'for-code');
  t.is(await asked('unheard-of'), 'for-all');
  t.is(await asked(''), 'for-all');
});

test('a scenario that is no name is refused', async (t) => {
  const calls = await upstream.on('gpt-4o');
  const response = await post(await serveV1(t, calls), demo(), {
    headers: { ...jsonHeaders, 'x-scenario': 'no such; thing' },
  });
  t.is(response.status, 400);
  t.like(await response.json(), { error: { param: 'x-scenario', code: 'invalid_request' } });
  t.deepEqual(calls.ends(), []);
});

test('a model that all upstreams limit is a 429 that says when to come back, and no more', async (t) => {
  const calls = await upstream.on(['secret-a?status=429&after=70', 'secret-b?status=429&after=45']);
  const response = await post(await serveV1(t, calls), demo());
  t.is(response.status, 429);
  t.is(response.headers.get('retry-after'), '46');
  const text = await response.text();
  t.like(JSON.parse(text), { error: { code: 'rate_limit_exceeded', type: 'rate_limit_exceeded' } });
  t.notRegex(text, /secret|mock|upstream/i);
  await endsWith(t, calls, 'ReservationReleased', { outcome: 'upstream_failed' });
});

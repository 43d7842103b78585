import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { Server } from 'node:http';
import { request as httpRequest } from 'node:http';
import test from 'ava';
import pino from 'pino';
import type { Json } from '../../src/adapters/llm/upstream.ts';
import { app } from '../../src/api/app.ts';
import type { Authenticate } from '../../src/api/caller.ts';
import { chatCompletions } from '../../src/api/chat-completions.ts';
import { ApiError } from '../../src/api/errors.ts';
import { model, models } from '../../src/api/models.ts';
import type { GateReason } from '../../src/api/ready.ts';
import { eventually } from '../support/eventually.ts';
import type { PaidCalls } from '../support/paid-calls.ts';
import type { PaidMock } from '../support/paid-mock.ts';
import { endsWith, paidMock } from '../support/paid-mock.ts';
import { routeTo } from '../support/routes.ts';

let upstream: PaidMock;
const servers: Server[] = [];

test.before(async () => {
  upstream = await paidMock();
});
test.after.always(async () => {
  for (const server of servers) {
    server.close();
    server.closeAllConnections();
  }
  await upstream.close();
});

const nobody = () => Promise.reject(new ApiError('unauthenticated'));
const authenticate: Authenticate = {
  anyone: () => Promise.resolve(undefined),
  session: nobody,
  session_or_key: nobody,
  admin: nobody,
  key: (authorization) =>
    authorization === 'Bearer sk-good'
      ? Promise.resolve({
          type: 'key',
          keyId: randomUUID(),
          memberId: randomUUID(),
          walletId: randomUUID(),
        })
      : Promise.reject(new ApiError('invalid_api_key')),
};

/** The endpoint on a port of its own; all its calls are paid by the one wallet of `calls`. */
async function serve(
  calls: PaidCalls,
  {
    gate = () => null,
    ...times
  }: { gate?: () => GateReason | null; stallMs?: number; keepAliveMs?: number } = {},
): Promise<string> {
  const answer: PaidCalls['metered']['answer'] = (call) =>
    calls.metered.answer({ ...call, walletId: calls.walletId });
  const routes = [
    chatCompletions({ answer, gate, ...times }),
    models({ aliases: () => ['demo', 'a/b'] }),
    model({ aliases: () => ['demo', 'a/b'] }),
  ];
  const log = pino({ level: 'silent' });
  const server = app({ routes, authenticate, log, trustProxy: false }).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  const address = server.address();
  if (typeof address !== 'object' || !address) throw new Error('No port.');
  return `http://127.0.0.1:${address.port}`;
}

const messages = [{ role: 'user', content: 'Hello' }];
const headers = { authorization: 'Bearer sk-good', 'content-type': 'application/json' };

const post = (url: string, body: unknown, init: RequestInit = {}) =>
  fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers,
    body: typeof body === 'string' ? body : JSON.stringify(body),
    ...init,
  });

const demo = (more: Json = {}) => ({ model: 'demo', messages, ...more });

test('a body comes as OpenAI’s, with our request id', async (t) => {
  const calls = await upstream.on('gpt-4o');
  const response = await post(await serve(calls), demo());
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
  const response = await post(await serve(calls), demo({ stream: true }));
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
  const response = await post(await serve(calls), demo({ stream: true }));
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
  [{ messages: ['Hello'] }, 'messages.0'],
  [{ messages: [{ content: 'Hello' }] }, 'messages.0.role'],
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
  const url = await serve(calls);
  for (const [more, param] of wrong) {
    const response = await post(url, demo(more));
    t.is(response.status, 400, JSON.stringify(more));
    t.like(await response.json(), { error: { param, type: 'invalid_request_error' } });
  }
  const bad = await post(url, '{"model": "demo", ');
  t.is(bad.status, 400);
  const huge = await post(url, demo({ padding: 'x'.repeat(20 * 1_024 * 1_024) }));
  t.is(huge.status, 413);
  t.false(calls.log.events.some(({ type }) => type === 'CreditReserved'));
});

test('unknown fields go to the upstream as they are, and so do nulls', async (t) => {
  const calls = await upstream.on('passes-on?chunks=1');
  const more = { top_k: 3, nested: { a: [1, null] }, stop: null, max_tokens: null };
  await post(await serve(calls), demo(more));
  const sent = upstream.mock.asked.find(({ model: name }) => name === 'passes-on?chunks=1');
  t.like(sent, { top_k: 3, nested: { a: [1, null] }, stop: null, max_tokens: 64 });
});

test('no limit goes out below 1, whatever was asked for', async (t) => {
  const calls = await upstream.on('least?chunks=1');
  for (const more of [{ max_tokens: 0 }, { max_completion_tokens: 0, max_tokens: 9 }]) {
    t.is((await post(await serve(calls), demo(more))).status, 200);
    t.is(
      upstream.mock.asked.findLast(({ model: name }) => name === 'least?chunks=1')?.max_tokens,
      1,
    );
  }
});

test('what is left out of a request is told in a header', async (t) => {
  const calls = await upstream.on('searches?chunks=1');
  const asked = demo({ web_search_options: { search_context_size: 'low' } });
  const response = await post(await serve(calls), asked);
  t.is(response.headers.get('x-ignored-parameters'), 'web_search_options');
  const sent = upstream.mock.asked.find(({ model: name }) => name === 'searches?chunks=1');
  t.false('web_search_options' in (sent ?? {}));
});

test('a client is told that we are still there while its upstream is silent', async (t) => {
  const calls = await upstream.on('gpt-4o?chunks=3&delay=100');
  const response = await post(await serve(calls, { keepAliveMs: 20 }), demo({ stream: true }));
  const text = await response.text();
  t.regex(text, /\n\n: keep-alive\n\n/);
  t.true(text.endsWith('data: [DONE]\n\n'));
  t.is(text.match(/"content":" word"/g)?.length, 3);
});

test('an upstream is read no faster than its client reads', async (t) => {
  const calls = await upstream.on('gpt-4o?huge=200000&chunks=400', { credit: { CNY: '1000' } });
  const client = httpRequest(`${await serve(calls)}/v1/chat/completions`, {
    method: 'POST',
    headers,
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
  const url = await serve(await upstream.on('gpt-4o', { credit: { CNY: '0.000001' } }));
  const unknown = await post(url, demo({ model: 'none' }));
  t.is(unknown.status, 404);
  t.like(await unknown.json(), { error: { code: 'model_not_found', param: 'model' } });
  t.is((await post(url, demo(), { headers: {} })).status, 401);
  const poor = await post(url, demo());
  t.is(poor.status, 429);
  t.is(poor.headers.get('x-should-retry'), 'false');
  t.like(await poor.json(), { error: { code: 'insufficient_quota' } });
});

const statuses = [
  ['status=500', 502, 'upstream_error'],
  ['rubbish=first', 502, 'upstream_error'],
  ['status=400', 400, 'invalid_request'],
] as const;

for (const [how, status, code] of statuses) {
  test(`an upstream with ${how} is answered ${status} ${code}, and free`, async (t) => {
    const calls = await upstream.on(`gpt-4o?${how}`);
    const response = await post(await serve(calls), demo());
    t.is(response.status, status);
    const text = await response.text();
    t.like(JSON.parse(text), { error: { code } });
    t.notRegex(text, /mock|gpt-4o|127\.0\.0\.1|sk-/);
    await endsWith(t, calls, 'ReservationReleased', { asset: 'CNY' });
  });
}

test('behind a closed gate nothing is reserved', async (t) => {
  const calls = await upstream.on('gpt-4o');
  const url = await serve(calls, { gate: () => 'log_away' });
  const response = await post(url, demo());
  t.is(response.status, 503);
  const message = 'The event log is away; try again in a moment.';
  t.like(await response.json(), { error: { message, code: 'unavailable' } });
  const chinese = { headers: { ...headers, 'accept-language': 'zh-CN,zh;q=0.9' } };
  t.like(await (await post(url, demo(), chinese)).json(), {
    error: { message: '事件日志暂时不可用,请稍后再试。', code: 'unavailable' },
  });
  t.false(calls.log.events.some(({ type }) => type === 'CreditReserved'));
});

test('a client that hangs up mid-stream is charged and the upstream is let go', async (t) => {
  const calls = await upstream.on('gpt-4o?chunks=1000&delay=5');
  const client = new AbortController();
  const { signal } = client;
  const response = await post(await serve(calls), demo({ stream: true }), { signal });
  await response.body?.getReader().read();
  client.abort();
  await endsWith(t, calls, 'UsageSettled', { basis: 'estimate', outcome: 'client_closed' });
});

test('a client that reads nothing is cut and charged for what it took', async (t) => {
  const calls = await upstream.on('gpt-4o?huge=200000&chunks=400', { credit: { CNY: '1000' } });
  const url = await serve(calls, { stallMs: 300 });
  const client = httpRequest(`${url}/v1/chat/completions`, { method: 'POST', headers });
  client.on('error', () => undefined);
  client.end(JSON.stringify(demo({ stream: true, max_tokens: 1_000_000 })));
  const [response] = await once(client, 'response');
  response.on('error', () => undefined);
  response.pause();
  await endsWith(t, calls, 'UsageSettled', { basis: 'estimate', outcome: 'timed_out' });
  await eventually(() => upstream.mock.abandoned() > 0);
  client.destroy();
});

test('the models are listed as OpenAI lists them, and found one by one', async (t) => {
  const url = await serve(await upstream.on('gpt-4o'));
  const get = (path: string) => fetch(`${url}${path}`, { headers });
  t.like(await (await get('/v1/models')).json(), {
    object: 'list',
    data: [
      { id: 'a/b', object: 'model' },
      { id: 'demo', owned_by: 'llm-member' },
    ],
  });
  t.like(await (await get('/v1/models/a%2Fb')).json(), { id: 'a/b' });
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
  const url = await serve(calls);
  const asked = async (scenario: string) => {
    const given = scenario === '' ? {} : { 'x-scenario': scenario };
    const { status } = await post(url, demo(), { headers: { ...headers, ...given } });
    t.is(status, 200);
    return upstream.mock.asked.findLast(({ model: name }) => name.startsWith('for-'))?.model;
  };
  t.is(await asked('code'), 'for-code');
  t.is(await asked('unheard-of'), 'for-all');
  t.is(await asked(''), 'for-all');
});

test('a scenario that is no name is refused', async (t) => {
  const calls = await upstream.on('gpt-4o');
  const response = await post(await serve(calls), demo(), {
    headers: { ...headers, 'x-scenario': 'no such; thing' },
  });
  t.is(response.status, 400);
  t.like(await response.json(), { error: { param: 'x-scenario', code: 'invalid_request' } });
  t.deepEqual(calls.ends(), []);
});

test('a model that all upstreams limit is a 429 that says when to come back, and no more', async (t) => {
  const calls = await upstream.on(['secret-a?status=429&after=70', 'secret-b?status=429&after=45']);
  const response = await post(await serve(calls), demo());
  t.is(response.status, 429);
  t.is(response.headers.get('retry-after'), '46');
  const text = await response.text();
  t.like(JSON.parse(text), { error: { code: 'rate_limit_exceeded', type: 'rate_limit_exceeded' } });
  t.notRegex(text, /secret|mock|upstream/i);
  await endsWith(t, calls, 'ReservationReleased', { outcome: 'upstream_failed' });
});

import { createServer } from 'node:http';
import test from 'ava';
import { pino } from 'pino';
import { z } from 'zod';
import { app } from '../../src/api/app.ts';
import type { Authenticate } from '../../src/api/caller.ts';
import { OpenAiError } from '../../src/api/error-schemas.ts';
import { ApiError } from '../../src/api/errors.ts';
import type { Route } from '../../src/api/route.ts';
import { route } from '../../src/api/route.ts';
import { WrittenAmount } from '../../src/domain/money.ts';
import { listening } from '../support/listening.ts';

const nobody = () => Promise.reject(new ApiError('invalid_api_key'));
const authenticate: Authenticate = {
  anyone: async () => undefined,
  session: nobody,
  key: nobody,
  session_or_key: nobody,
  admin: nobody,
};

const thrown = (path: `/${string}`, error: unknown): Route =>
  route({
    method: 'GET',
    path,
    who: 'anyone',
    summary: 'Fails',
    reply: z.undefined(),
    handle: () => Promise.reject(error),
  });

const echo = (path: `/${string}`, limitBytes?: number) =>
  route({
    method: 'POST',
    path,
    who: 'anyone',
    summary: 'Echoes',
    body: z.strictObject({ amount: WrittenAmount }),
    ...(limitBytes ? { limitBytes } : {}),
    reply: z.object({ amount: z.string() }),
    handle: ({ body }) => ({ body, position: 7n }),
  });

const routes = [
  echo('/api/echo'),
  echo('/v1/echo', 10 * 1024 * 1024),
  route({
    method: 'GET',
    path: '/api/things/:name',
    who: 'anyone',
    summary: 'Names a thing',
    params: z.object({ name: z.string() }),
    reply: z.object({ name: z.string() }),
    handle: ({ params }) => ({ body: params }),
  }),
  route({
    method: 'POST',
    path: '/api/once',
    who: 'anyone',
    summary: 'Happens once',
    idempotent: true,
    reply: z.object({ key: z.string() }),
    handle: ({ idempotencyKey }) => ({ body: { key: idempotencyKey } }),
  }),
  route({
    method: 'GET',
    path: '/v1/closed',
    who: 'key',
    summary: 'Needs a key',
    reply: z.undefined(),
    handle: () => ({ body: undefined }),
  }),
  route({
    method: 'GET',
    path: '/v1/pieces',
    who: 'anyone',
    summary: 'Streams',
    reply: z.string(),
    produces: 'text/event-stream',
    handle: () => ({
      type: 'text/event-stream',
      stream: (response) => {
        response.write('data: 1\n\n');
        response.end('data: 2\n\n');
        return Promise.resolve();
      },
    }),
  }),
  thrown('/v1/broken', new Error('the password is hunter2')),
  thrown('/v1/schema', z.string().safeParse(1).error),
];

const base = listening(test, async () =>
  createServer(
    app({ routes, authenticate, log: pino({ level: 'silent' }), trustProxy: false }).callback(),
  ),
);

const post = (path: string, body: string | Uint8Array, headers: Record<string, string> = {}) =>
  fetch(`${base()}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body,
  });

const get = (path: string, headers: Record<string, string> = {}) =>
  fetch(`${base()}${path}`, { headers });

test('every answer has a request id of ours, whatever the client sends as its own', async (t) => {
  const answer = await get('/api/things/x', { 'x-request-id': 'mine' });
  t.regex(answer.headers.get('x-request-id') ?? '', /^req_[0-9a-f]{32}$/);
  const missing = await get('/nowhere');
  t.regex(missing.headers.get('x-request-id') ?? '', /^req_[0-9a-f]{32}$/);
});

test('what a write returned as its position is told in a header', async (t) => {
  const answer = await post('/api/echo', '{"amount":"1.50"}');
  t.deepEqual(await answer.json(), { amount: '1.5' });
  t.is(answer.headers.get('x-position'), '7');
});

test('a JSON number where an amount belongs is refused by the name of its field', async (t) => {
  const answer = await post('/api/echo', '{"amount":1.5}');
  t.is(answer.status, 400);
  t.is(answer.headers.get('content-type'), 'application/problem+json; charset=utf-8');
  t.like(await answer.json(), {
    type: 'urn:llm-member:error:invalid_request',
    title: 'Bad Request',
    status: 400,
    code: 'invalid_request',
    errors: [{ field: 'amount' }],
  });
});

test('an unknown field is refused by its name', async (t) => {
  const answer = await post('/api/echo', '{"amount":"1","extra":true}');
  t.is(answer.status, 400);
  t.like(await answer.json(), { errors: [{ field: 'extra' }] });
});

test('a refused field under /v1 is the param of the error in the shape of OpenAI', async (t) => {
  const answer = await post('/v1/echo', '{"amount":1.5}');
  t.is(answer.status, 400);
  const { error } = OpenAiError.parse(await answer.json());
  t.like(error, { type: 'invalid_request_error', param: 'amount', code: 'invalid_request' });
  t.regex(error.message, /amount/);
});

test('malformed JSON, broken text and an empty body are 400', async (t) => {
  for (const body of ['{"amount":', '', Uint8Array.of(0x22, 0xff, 0x22)]) {
    const answer = await post('/api/echo', body);
    t.is(answer.status, 400);
    t.like(await answer.json(), { code: 'invalid_json' });
  }
});

test('a body that says it is no JSON is 415', async (t) => {
  const form = await post('/api/echo', 'amount=1', {
    'content-type': 'application/x-www-form-urlencoded',
  });
  t.is(form.status, 415);
  t.like(await form.json(), { code: 'unsupported_media_type' });
  const packed = await post('/api/echo', '{}', { 'content-encoding': 'gzip' });
  t.is(packed.status, 415);
  const plain = await post('/api/echo', '{"amount":"1"}', { 'content-encoding': 'Identity' });
  t.is(plain.status, 200);
});

test('a body of 20 MiB is 413 in both shapes, and the client reads the answer', async (t) => {
  const body = `{"amount":"${'1'.repeat(20 * 1024 * 1024)}"}`;
  const api = await post('/api/echo', body);
  t.is(api.status, 413);
  t.like(await api.json(), { code: 'body_too_large' });
  const v1 = await post('/v1/echo', body);
  t.is(v1.status, 413);
  t.like(await v1.json(), { error: { code: 'body_too_large' } });
});

test('a body just above the limit of /api is still read under /v1', async (t) => {
  const body = `{"amount":"1"}${' '.repeat(3 * 1024 * 1024)}`;
  t.is((await post('/api/echo', body)).status, 413);
  t.is((await post('/v1/echo', body)).status, 200);
});

test('who may be anyone sends no more than a form has', async (t) => {
  const bodyOf = (bytes: number) => `{"amount":"1"}${' '.repeat(bytes)}`;
  t.is((await post('/api/echo', bodyOf(60 * 1024))).status, 200);
  t.is((await post('/api/echo', bodyOf(64 * 1024))).status, 413);
});

test('a GET with a JSON content type and no body is valid', async (t) => {
  const answer = await get('/api/things/x', { 'content-type': 'application/json' });
  t.is(answer.status, 200);
});

test('a path parameter may hold an encoded slash; broken encoding finds nothing', async (t) => {
  const answer = await get('/api/things/meta%2Fllama');
  t.deepEqual(await answer.json(), { name: 'meta/llama' });
  t.is((await get('/api/things/%E0%A4%A')).status, 404);
});

test('an unknown path is 404 and a known one by another method 405, each in its shape', async (t) => {
  const api = await get('/api/nowhere');
  t.is(api.status, 404);
  t.like(await api.json(), { code: 'not_found' });
  const v1 = await get('/v1/nowhere');
  t.is(v1.status, 404);
  t.like(await v1.json(), { error: { code: 'not_found', param: null } });
  const method = await get('/api/echo');
  t.is(method.status, 405);
  t.is(method.headers.get('allow'), 'POST');
  t.like(await method.json(), { code: 'method_not_allowed' });
});

test('a route that happens once needs an Idempotency-Key', async (t) => {
  const without = await post('/api/once', '');
  t.is(without.status, 400);
  t.like(await without.json(), { code: 'idempotency_key_required' });
  const withKey = await post('/api/once', '', { 'idempotency-key': 'a-1' });
  t.deepEqual(await withKey.json(), { key: 'a-1' });
});

test('what nobody expected is 500 and says nothing of itself', async (t) => {
  const answer = await get('/v1/broken');
  t.is(answer.status, 500);
  const text = await answer.text();
  t.false(text.includes('hunter2'));
  t.true(text.includes(answer.headers.get('x-request-id') ?? '?'));
});

test('a schema failure outside of the request is ours, not the caller’s', async (t) => {
  t.is((await get('/v1/schema')).status, 500);
});

test('a message is in the language that the caller prefers', async (t) => {
  const zh = await get('/api/nowhere', { 'accept-language': 'fr, zh-CN;q=0.9, en;q=0.8' });
  t.like(await zh.json(), { detail: '该路径不存在。' });
});

test('a browser may send a bearer key from any origin', async (t) => {
  const answer = await fetch(`${base()}/v1/closed`, {
    method: 'OPTIONS',
    headers: {
      origin: 'https://app.example',
      'access-control-request-method': 'GET',
      'access-control-request-headers':
        'authorization,content-type,x-stainless-os,x-scenario,x-evil',
    },
  });
  t.is(answer.status, 204);
  t.is(answer.headers.get('access-control-allow-origin'), '*');
  t.is(answer.headers.get('access-control-allow-credentials'), null);
  const headers = answer.headers.get('access-control-allow-headers') ?? '';
  t.regex(headers, /authorization/);
  t.regex(headers, /content-type/);
  t.regex(headers, /x-stainless-os/);
  t.regex(headers, /x-scenario/);
  t.notRegex(headers, /x-evil/);
});

test('an error can be read by the origin that may call', async (t) => {
  const answer = await get('/v1/closed');
  t.is(answer.status, 401);
  t.is(answer.headers.get('access-control-allow-origin'), '*');
  t.like(await answer.json(), { error: { code: 'invalid_api_key' } });
});

test('a route without a bearer is not open to other origins', async (t) => {
  const answer = await get('/api/things/x');
  t.is(answer.headers.get('access-control-allow-origin'), null);
});

test('a stream is sent as it is written, with the request id', async (t) => {
  const answer = await get('/v1/pieces');
  t.is(answer.headers.get('content-type'), 'text/event-stream');
  t.regex(answer.headers.get('x-request-id') ?? '', /^req_/);
  t.is(await answer.text(), 'data: 1\n\ndata: 2\n\n');
});

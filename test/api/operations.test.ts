import test from 'ava';
import { z } from 'zod';
import { ask, newMember, testApi } from '../support/api.ts';

const api = testApi(test);

test('the process is healthy whatever it depends on', async (t) => {
  const { status, body } = await ask(api(), 'GET', '/healthz');
  t.is(status, 200);
  t.deepEqual(body, { status: 'ok' });
});

test.serial('readiness is 200 with its state, or 503 with every reason', async (t) => {
  const good = await ask(api(), 'GET', '/readyz');
  t.is(good.status, 200);
  t.deepEqual(good.body, { status: 'ready', reasons: [], state: { log: 'here' } });
  api().world.reasons = ['the event node is away'];
  const bad = await ask(api(), 'GET', '/readyz');
  api().world.reasons = [];
  t.is(bad.status, 503);
  t.like(bad.body, { status: 'not_ready', reasons: ['the event node is away'] });
});

test.serial('metrics count answers by route, never by URL', async (t) => {
  await ask(api(), 'GET', '/verify-email?code=secret-code');
  await ask(api(), 'GET', '/nowhere/secret-path');
  api().world.closed = 'log_away';
  api().world.failing = 'Nothing came.';
  const { text, headers } = await ask(api(), 'GET', '/metrics');
  api().world.closed = null;
  api().world.failing = null;
  t.regex(headers.get('content-type') ?? '', /text\/plain/);
  t.regex(text, /http_requests_total\{method="GET",path="\/verify-email",status="200"\} \d+/);
  t.regex(text, /http_requests_total\{method="GET",path="unknown",status="404"\} \d+/);
  t.regex(text, /calls_accepted 0/);
  t.regex(text, /feed_lag_seconds\{consumer="projections"\} 0.5/);
  t.regex(text, /feed_failing\{consumer="projections"\} 1/);
  t.regex(text, /checker_differences\{invariant="I2"\} 1/);
  t.regex(text, /checker_last_run_timestamp_seconds 1\n/);
  t.regex(text, /checker_wallets_checked 3/);
  t.regex(text, /open_holds\{age="10s"\} 3/);
  t.regex(text, /journal_rows 2/);
  t.notRegex(text, /secret/);
});

test('a request’s line says who, what and how long, never the URL or content', async (t) => {
  const { token, memberId } = await newMember(api());
  const { headers } = await ask(api(), 'GET', '/api/usage?from=2026-01-01&to=2026-01-02', {
    token,
    headers: { 'x-request-id': 'mine\u00e9<>1' },
  });
  const id = headers.get('x-request-id') ?? '?';
  const line: unknown = JSON.parse(api().logged.find((each) => each.includes(id)) ?? '{}');
  t.like(line, {
    ...{ request: id, client_request: 'mine1', member: memberId },
    ...{ method: 'GET', path: '/api/usage', status: 200 },
  });
});

const Document = z.object({
  openapi: z.literal('3.1.0'),
  paths: z.record(z.string(), z.record(z.string(), z.looseObject({ operationId: z.string() }))),
});

test('the description lists every route, and all it refers to is there', async (t) => {
  const { body, text } = await ask(api(), 'GET', '/openapi.json');
  const { paths } = Document.parse(body);
  for (const { method, path } of api().api.routes) {
    t.truthy(
      paths[path.replace(/:(\w+)\*?/g, '{$1}')]?.[method.toLowerCase()],
      `${method} ${path}`,
    );
  }
  const ids = Object.values(paths).flatMap((each) => Object.values(each).map((o) => o.operationId));
  t.is(new Set(ids).size, ids.length);
  t.is(ids.length, api().api.routes.length);
  const refs = [...text.matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)].map(
    ([, name]) => name,
  );
  t.deepEqual([...new Set(refs)].sort(), ['AnthropicError', 'OpenAiError', 'Problem']);
});

test('every body of /api refuses what it does not know', (t) => {
  for (const { path, schemas, accepts } of api().api.routes) {
    if (!schemas.body || !path.startsWith('/api/') || accepts !== 'json') continue;
    const schema = z.toJSONSchema(schemas.body, { io: 'input', unrepresentable: 'any' });
    t.is(schema.additionalProperties, false, path);
  }
});

test('every route answers in its error shape to whoever has no right', async (t) => {
  for (const { method, path, who } of api().api.routes) {
    if (who === 'anyone') continue;
    const { status, body } = await ask(api(), method, path.replace(/:\w+/g, 'x'));
    t.is(status, 401, path);
    t.like(body, unknownCaller(path), path);
  }
});

function unknownCaller(path: string) {
  if (path.startsWith('/v1/messages')) {
    return { type: 'error', error: { type: 'authentication_error' } };
  }
  return path.startsWith('/v1/')
    ? { error: { code: 'invalid_api_key' } }
    : { code: 'unauthenticated' };
}

import test from 'ava';
import { z } from 'zod';
import { decode } from '../../src/domain/events.ts';
import { adminToken, ask, newMember, testApi } from '../support/api.ts';

const api = testApi(test);
let token = '';
test.before(async () => {
  token = await adminToken(api());
});

const secret = 'sk-very-secret-4711';
const put = (id: string, body: unknown, who = token) =>
  ask(api(), 'PUT', `/api/admin/upstreams/${id}`, { token: who, body });
const own = { kind: 'openai_like', base_url: 'http://127.0.0.1:11434/v1' } as const;

const Listed = z.object({
  data: z.array(
    z.looseObject({
      id: z.string(),
      keys: z.array(z.object({ id: z.string(), fingerprint: z.string(), resting: z.boolean() })),
    }),
  ),
});
const listed = async (id: string) => {
  const { body } = await ask(api(), 'GET', '/api/admin/upstreams', { token });
  return Listed.parse(body).data.find((each) => each.id === id);
};
const changesOf = (id: string) =>
  api()
    .eventLog.events.map(decode)
    .flatMap((event) =>
      event.type === 'UpstreamChanged' && event.data.id === id ? [event.data] : [],
    );

test('an upstream is set up, shown by fingerprint, and may be named by a route', async (t) => {
  const { status, body, text } = await put('mine', {
    ...{ kind: 'deepseek', api_key: secret, capacity: 20 },
  });
  t.is(status, 200);
  t.like(body, {
    ...{ id: 'mine', kind: 'deepseek', base_url: 'https://api.deepseek.com/v1' },
    ...{ capacity: 20, enabled: true },
  });
  const seen = await listed('mine');
  t.like(seen, { source: 'log', health: 'up', in_flight: 2, capacity: 20 });
  t.regex(seen?.keys[0]?.fingerprint ?? '', /^[0-9a-f]{12}$/);
  const routed = await ask(api(), 'PUT', '/api/admin/routes/to-mine', {
    ...{ token, body: { candidates: [{ upstream: 'mine', model: 'deepseek-chat' }] } },
  });
  t.is(routed.status, 200);
  t.false(text.includes(secret));
  t.false(JSON.stringify(api().eventLog.events.map(decode), written).includes(secret));
  t.false(api().logged.join('\n').includes(secret));
});

const written = (_: string, value: unknown) => (typeof value === 'bigint' ? `${value}` : value);

test('what is left out: the key stays, the rest is as it usually is', async (t) => {
  await put('kept', { kind: 'grok', api_keys: [secret, 'sk-another'], capacity: 3 });
  const { status } = await put('kept', { kind: 'grok', enabled: false });
  t.is(status, 200);
  const [before, after] = changesOf('kept');
  t.is(before?.keys.length, 2);
  t.deepEqual(after?.keys, before?.keys);
  t.like(after, { capacity: null, enabled: false });
  t.like(await listed('kept'), { health: 'off', enabled: false });
  await put('kept', { kind: 'grok', enabled: false, api_keys: ['sk-another', secret] });
  t.deepEqual(changesOf('kept')[2]?.keys, before?.keys.toReversed());
  await put('kept', { kind: 'grok', enabled: false, api_keys: ['sk-another', secret] });
  t.is(changesOf('kept').length, 3);
});

test('one upstream is told as the list tells it, a name that is none as unknown', async (t) => {
  const one = (id: string) => ask(api(), 'GET', `/api/admin/upstreams/${id}`, { token });
  await put('single', { ...own, api_key: secret, capacity: 4 });
  for (const id of ['single', 'openai_like', 'sandbox']) {
    t.deepEqual((await one(id)).body, await listed(id));
  }
  t.like(await one('nowhere'), { status: 404, body: { code: 'upstream_not_found' } });
});

test('the environment’s and the built-in ones are listed with where they come from', async (t) => {
  t.like(await listed('openai_like'), { source: 'environment', kind: 'openai_like', keys: [] });
  t.like(await listed('sandbox'), { source: 'built_in', kind: 'sandbox', base_url: null });
});

for (const [what, body, code] of [
  ['a provider without a key', { kind: 'openai' }, 'upstream_key_required'],
  ['one that has no usual address', { kind: 'azure', api_key: secret }, 'invalid_request'],
  ['another protocol', { ...own, base_url: 'ftp://127.0.0.1/v1' }, 'invalid_request'],
  ['a password in the address', { ...own, base_url: 'http://a:b@127.0.0.1' }, 'invalid_request'],
  ['a key in the address', { ...own, base_url: 'http://127.0.0.1?key=b' }, 'invalid_request'],
  ['a link-local address', { ...own, base_url: 'http://169.254.169.254/' }, 'invalid_request'],
  ['no capacity', { ...own, capacity: 0 }, 'invalid_request'],
  ['a kind that nobody knows', { ...own, kind: 'oracle' }, 'invalid_request'],
  ['keys twice', { ...own, api_key: 'a', api_keys: ['b'] }, 'invalid_request'],
  ['a key with a line end', { ...own, api_key: 'a\nb' }, 'invalid_request'],
  ['a field that nobody knows', { ...own, region: 'eu' }, 'invalid_request'],
] as const) {
  test(`an upstream with ${what} is refused`, async (t) => {
    const refused = await put('refused', body);
    t.like(refused, { status: 400, body: { code } });
    t.false(refused.text.includes(secret));
    t.is(await listed('refused'), undefined);
  });
}

test('the key of one server is not sent to another', async (t) => {
  await put('stays', { ...own, api_key: secret });
  const moved = { ...own, base_url: 'http://127.0.0.2:11434/v1' };
  t.like(await put('stays', moved), { status: 400, body: { code: 'upstream_key_required' } });
  t.is((await put('stays', { ...moved, api_key: 'sk-new' })).status, 200);
});

test('the built-in one has its name for itself, and only administrators set any up', async (t) => {
  t.is((await put('sandbox', own)).status, 400);
  t.is((await put('Not-A-Name', own)).status, 400);
  const { token: members } = await newMember(api());
  t.is((await put('theirs', own, members)).status, 403);
  t.is((await ask(api(), 'GET', '/api/admin/upstreams', { token: members })).status, 403);
});

const remove = (id: string, who = token) =>
  ask(api(), 'DELETE', `/api/admin/upstreams/${id}`, { token: who });

test('an upstream that a route names stays; one that none names is removed, audited', async (t) => {
  await put('going', own);
  const candidates = (upstream: string) => ({ candidates: [{ upstream, model: 'm' }] });
  const routed = (alias: string, body: object) =>
    ask(api(), 'PUT', `/api/admin/routes/${alias}`, { token, body });
  await routed('to-going', candidates('going'));
  const inUse = await remove('going');
  t.like(inUse, { status: 409, body: { code: 'upstream_in_use' } });
  t.regex(inUse.text, /to-going/);
  t.truthy(await listed('going'));
  await routed('to-going', candidates('sandbox'));
  const removed = await remove('going');
  t.is(removed.status, 204);
  t.is(await listed('going'), undefined);
  t.like(await routed('to-going', candidates('going')), { body: { code: 'unknown_upstream' } });
  const query = `noun=upstream&id=going&min_position=${removed.headers.get('x-position')}`;
  const changes = await ask(api(), 'GET', `/api/admin/changes?${query}`, { token });
  t.like(changes.body, {
    data: [
      { after: { id: 'going', withdrawn: true }, before: { kind: 'openai_like' } },
      { before: null },
    ],
  });
  t.is((await remove('going')).status, 204);
  t.like(await remove('never'), { status: 404, body: { code: 'upstream_not_found' } });
  t.like(await remove('sandbox'), { status: 404 });
  t.is((await remove('no%20name')).status, 400);
  t.is((await remove('going', (await newMember(api())).token)).status, 403);
});

test('how upstreams fare is in the metrics', async (t) => {
  await put('gauged', { ...own, enabled: false });
  const { text } = await ask(api(), 'GET', '/metrics');
  t.regex(text, /^upstream_calls_in_flight\{upstream="sandbox"\} 2$/m);
  t.regex(text, /^upstream_up\{upstream="openai_like"\} 1$/m);
  t.regex(text, /^upstream_up\{upstream="gauged"\} 0$/m);
  t.regex(text, /^upstream_keys_resting\{upstream="gauged"\} 0$/m);
});

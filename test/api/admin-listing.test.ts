import test from 'ava';
import { z } from 'zod';
import { adminToken, ask, newMember, testApi } from '../support/api.ts';

const api = testApi(test);
let token = '';
test.before(async () => {
  token = await adminToken(api());
});

const admin = (method: string, path: string, body?: unknown) =>
  ask(api(), method, `/api/admin/${path}`, { token, ...(body === undefined ? {} : { body }) });
const List = z.object({
  data: z.array(z.looseObject({ alias: z.string() })),
  next_cursor: z.null(),
  as_of_position: z.null(),
});
const listed = async (what: 'models' | 'routes', alias: string) =>
  List.parse((await admin('GET', what)).body).data.find((each) => each.alias === alias);
const Changes = z.object({
  data: z.array(z.looseObject({ before: z.looseObject({}).nullable(), after: z.looseObject({}) })),
});
const changes = async (noun: string, id: string, position: string | null) =>
  Changes.parse((await admin('GET', `changes?noun=${noun}&id=${id}&min_position=${position}`)).body)
    .data;

const price = { input: '1', cached_input: '0.5', output: '2' };
const sandbox = { upstream: 'sandbox', model: 'demo' };
const limits = { requests_per_minute: 5, tokens_per_minute: null, concurrent: null };

test('a model is read with its price now, those that begin later, and its terms', async (t) => {
  const effective_at = new Date(Date.now() + 86_400_000).toISOString();
  const more = {
    description: 'fast',
    sampling: { top_p: 0.5 },
    system_prompt: 'Be short.',
    limits,
  };
  await admin('PUT', 'models/read', { price, default_max_output: 99, ...more });
  await admin('PUT', 'models/read', { price: { ...price, output: '3' }, effective_at });
  const { status, body } = await admin('GET', 'models/read');
  t.is(status, 200);
  t.like(body, {
    ...{ alias: 'read', on_sale: true, scenario: null, ...more },
    in_force: { version: 1, currency: 'CNY', price, default_max_output: 99 },
    later: [{ version: 2, price: { ...price, output: '3' }, effective_at }],
  });
  t.deepEqual(await listed('models', 'read'), body);
  await admin('PUT', 'models/scheduled', { price, effective_at });
  t.like(await listed('models', 'scheduled'), {
    ...{ on_sale: false, in_force: null, later: [{ version: 1, effective_at }] },
  });
});

test('models are listed by alias, and one that never was is not found', async (t) => {
  await admin('PUT', 'models/b-listed', { price });
  await admin('PUT', 'models/a-listed', { price });
  const aliases = List.parse((await admin('GET', 'models')).body).data.map(({ alias }) => alias);
  t.deepEqual(aliases, [...aliases].sort());
  t.true(aliases.includes('a-listed'));
  for (const method of ['GET', 'DELETE']) {
    const unknown = await admin(method, 'models/never');
    t.is(unknown.status, 404);
    t.like(unknown.body, {
      ...{ code: 'model_not_found' },
      detail: 'The model `never` does not exist or you do not have access to it.',
    });
  }
});

test('a route that was read may be written back as it is, and changes nothing', async (t) => {
  const candidate = {
    ...{ ...sandbox, weight: 2, priority: 1 },
    cost: { input: '1.5', cached_input: '0.1', output: '6', currency: 'CNY' },
    conditions: {
      ...{ plans: ['pro'], client_apps: ['shop'], api_keys: ['k'], scenarios: ['code'] },
      input_tokens: { min: 1, max: 9 },
      hours: { from: '22:00', to: '06:00', days: [1, 7], time_zone: 'Asia/Shanghai' },
    },
  };
  const scoring = { load: 1, cost: 3.5, latency: 0, health: 1 };
  const terms = { strategy: 'cheapest', scoring, sticky: false, hang_up: 'drain' };
  await admin('PUT', 'routes/read', { ...terms, candidates: [candidate, sandbox] });
  const { status, body } = await admin('GET', 'routes/read');
  t.is(status, 200);
  t.deepEqual(body, {
    ...{ alias: 'read', ...terms },
    candidates: [candidate, { ...sandbox, weight: 1 }],
  });
  t.deepEqual(await listed('routes', 'read'), z.looseObject({ alias: z.string() }).parse(body));
  const written = api().eventLog.events.length;
  const back = await admin('PUT', 'routes/read', body);
  t.deepEqual([back.status, back.body], [200, body]);
  t.false(
    api()
      .eventLog.events.slice(written)
      .some(({ stream }) => stream === 'route-read'),
  );
  const elsewhere = await admin('PUT', 'routes/other', body);
  t.is(elsewhere.status, 400);
  t.like(elsewhere.body, { detail: 'The body names another model than the path.' });
});

test('what is withdrawn is told as such, once, and is for sale again with the next version', async (t) => {
  const later = new Date(Date.now() + 86_400_000).toISOString();
  await admin('PUT', 'models/gone', { price, limits });
  await admin('PUT', 'models/gone', { price, default_max_output: 7, effective_at: later });
  const gone = await admin('DELETE', 'models/gone');
  t.is(gone.status, 204);
  t.regex(gone.headers.get('x-position') ?? '', /^\d+$/);
  const off = { on_sale: false, in_force: null, later: [], limits };
  t.like((await admin('GET', 'models/gone')).body, off);
  const again = await admin('DELETE', 'models/gone');
  t.deepEqual([again.status, again.headers.get('x-position')], [204, null]);
  const [told, ...more] = await changes('model', 'gone', gone.headers.get('x-position'));
  t.is(more.length, 2);
  t.like(told, { actor: { type: 'admin' }, before: { version: 2, default_max_output: 7 } });
  t.deepEqual(told?.after, { alias: 'gone', version: 2, withdrawn: true });
  const back = await admin('PUT', 'models/gone', { price });
  t.like(back.body, { version: 3, price, limits });
  t.like((await admin('GET', 'models/gone')).body, {
    ...{ on_sale: true, in_force: { version: 3, price }, limits },
  });
});

test('a removed route is no more, once, and may be set again', async (t) => {
  await admin('PUT', 'routes/gone', { candidates: [sandbox] });
  const gone = await admin('DELETE', 'routes/gone');
  t.is(gone.status, 204);
  t.is(await listed('routes', 'gone'), undefined);
  const missing = await admin('GET', 'routes/gone');
  t.is(missing.status, 404);
  t.like(missing.body, {
    ...{ code: 'route_not_found', detail: 'The model `gone` has no route of its own.' },
  });
  const again = await admin('DELETE', 'routes/gone');
  t.deepEqual([again.status, again.headers.get('x-position')], [204, null]);
  const [told] = await changes('route', 'gone', gone.headers.get('x-position'));
  t.like(told, { before: { candidates: [sandbox] }, after: { alias: 'gone', withdrawn: true } });
  t.is((await admin('PUT', 'routes/gone', { candidates: [sandbox] })).status, 200);
  t.is((await admin('GET', 'routes/gone')).status, 200);
  t.like((await admin('DELETE', 'routes/never')).body, { code: 'route_not_found' });
});

test('an alias may have the name of a path beside it', async (t) => {
  t.is((await admin('PUT', 'models/import', { price })).status, 200);
  t.is((await admin('PUT', 'routes/test', { candidates: [sandbox] })).status, 200);
  t.like((await admin('GET', 'routes/test')).body, { alias: 'test' });
  t.is((await admin('DELETE', 'routes/test')).status, 204);
  t.like(await admin('POST', 'routes/test', { alias: 'never' }), {
    ...{ status: 404, body: { code: 'model_not_found' } },
  });
  const wrong = await admin('PATCH', 'routes/test', {});
  t.is(wrong.status, 405);
  t.is(wrong.headers.get('allow'), 'POST, GET, DELETE, PUT');
});

test('only administrators read or withdraw', async (t) => {
  await admin('PUT', 'models/guarded', { price });
  const { token: members } = await newMember(api());
  for (const [method, path] of [
    ['GET', 'models'],
    ['GET', 'models/guarded'],
    ['DELETE', 'models/guarded'],
    ['GET', 'routes'],
    ['GET', 'routes/guarded'],
    ['DELETE', 'routes/guarded'],
  ] as const) {
    t.is((await ask(api(), method, `/api/admin/${path}`, { token: members })).status, 403);
    t.is((await ask(api(), method, `/api/admin/${path}`)).status, 401);
  }
  t.like((await admin('GET', 'models/guarded')).body, { on_sale: true });
});

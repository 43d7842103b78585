import test from 'ava';
import { z } from 'zod';
import { gatewayWorld } from '../support/gateway-world.ts';
import { jsonRequest } from '../support/json-request.ts';
import type { Person } from '../support/people.ts';
import { request } from '../support/people.ts';
import { errorOf } from '../support/v1-answers.ts';

const { adminToken, alias, lastAsked, post, program, put, someone } = gatewayWorld(test);

const scenes = ['of-app', 'of-alias', 'of-key', 'of-header'];
let member: Person;

test.serial('a member joins a client app, whose scenarios have models of their own', async (t) => {
  member = await someone();
  await alias('scenic', {});
  await put('/api/admin/routes/scenic', {
    candidates: ['no-scene', ...scenes].map((model) => ({
      ...{ upstream: 'openai_like', model },
      ...(model === 'no-scene' ? {} : { conditions: { scenarios: [model] } }),
    })),
  });
  await put(`/api/admin/members/${member.memberId}/client-app`, { client_app: 'shop' });
  t.is(await answeredBy(member.key), 'no-scene');
  t.is(await answeredBy(member.key, { 'x-scenario': 'of-header' }), 'of-header');
});

async function answeredBy(key: string, headers = {}): Promise<string> {
  const answer = await post({ model: 'scenic' }, { token: key, headers });
  if (answer.status !== 200) throw new Error(await answer.text());
  return lastAsked().model;
}

const Tested = z.object({ candidates: z.array(z.object({ model: z.string() })) });
const tested = async (body: object) =>
  Tested.parse(
    await request(`${program().url}/api/admin/routes/test`, {
      ...{ method: 'POST', token: adminToken(), body: { alias: 'scenic', ...body } },
    }),
  ).candidates[0]?.model;

const Key = z.looseObject({ id: z.string(), key: z.string() });

test.serial('a call’s scenario is its header’s, key’s, alias’s or client app’s', async (t) => {
  const { memberId, token } = member;
  const { id, key } = Key.parse(
    await request(`${program().url}/api/api-keys`, {
      ...{ method: 'POST', token, body: { name: 'scenic' } },
    }),
  );
  const asIs = { api_key_id: id };
  t.is(await answeredBy(key), 'no-scene');
  t.is(await tested(asIs), 'no-scene');

  await put('/api/admin/client-apps/shop', { scenario: 'of-app' });
  t.is(await answeredBy(key), 'of-app');
  t.is(await tested(asIs), 'of-app');
  t.is(await tested({ member_id: memberId }), 'of-app');
  t.is(await tested({}), 'no-scene');
  const stranger = await someone();
  t.is(await answeredBy(stranger.key), 'no-scene');

  await alias('scenic', { scenario: 'of-alias' });
  t.is(await answeredBy(key), 'of-alias');
  t.is(await tested(asIs), 'of-alias');
  t.is(await tested({}), 'of-alias');

  await request(`${program().url}/api/api-keys/${id}`, {
    ...{ method: 'PATCH', token, body: { scenario: 'of-key' } },
  });
  t.is(await answeredBy(key), 'of-key');
  t.is(await tested(asIs), 'of-key');
  t.is(await tested({ member_id: memberId }), 'of-alias');

  const headers = { 'x-scenario': 'of-header' };
  t.is(await answeredBy(key, headers), 'of-header');
  t.is(await tested({ ...asIs, headers }), 'of-header');
  t.is(await tested({ ...asIs, scenario: 'of-header' }), 'of-header');

  await request(`${program().url}/api/api-keys/${id}`, {
    ...{ method: 'PATCH', token, body: { scenario: null } },
  });
  await alias('scenic', { scenario: null });
  await put('/api/admin/client-apps/shop', { scenario: null });
  t.is(await answeredBy(key), 'no-scene');
  t.is(await tested(asIs), 'no-scene');
});

test.serial('what a client app’s calls cost counts against its scenario’s budget', async (t) => {
  await put('/api/admin/routes/scenic', {
    candidates: [{ upstream: 'openai_like', model: 'priced', cost: { input: '1', output: '2' } }],
  });
  await put('/api/admin/client-apps/shop', { scenario: 'of-app' });
  const scope = { kind: 'scenario', value: 'of-app' };
  await put('/api/admin/budgets/browsing', {
    ...{ scope, currency: 'CNY', daily: '0.000001', when_spent: 'refuse' },
  });
  t.is(await answeredBy((await someone()).key), 'priced');
  const refused = await post({ model: 'scenic' }, { token: member.key });
  t.like(await errorOf(refused), { status: 503, code: 'budget_spent' });
});

test.serial('client apps are read, audited, and refuse what is no scenario', async (t) => {
  const { url } = program();
  const admin = (path: string, more: object = {}) =>
    jsonRequest(`${url}/api/admin/${path}`, { token: adminToken(), ...more });
  await put('/api/admin/client-apps/read', { scenario: 'chat' });
  await put('/api/admin/client-apps/read', { scenario: 'code' });
  t.deepEqual(await (await admin('client-apps/read')).json(), { id: 'read', scenario: 'code' });
  t.like(await (await admin('client-apps')).json(), { data: [{ id: 'read' }, { id: 'shop' }] });
  const unknown = await admin('client-apps/none');
  t.is(unknown.status, 404);
  t.like(await unknown.json(), { code: 'client_app_not_found' });
  const write = (id: string, body: object, token = adminToken()) =>
    admin(`client-apps/${id}`, { method: 'PUT', token, body });
  t.is((await write('read', { scenario: 'no such; thing' })).status, 400);
  t.is((await write('read', {})).status, 400);
  t.is((await write('read', { scenario: 'x', name: 'y' })).status, 400);
  t.is((await write('no%20name', { scenario: 'x' })).status, 400);
  t.is((await write('read', { scenario: 'x' }, member.token)).status, 403);
  const position = (await write('read', { scenario: 'last' })).headers.get('x-position');
  const changes = await admin(`changes?noun=client_app&id=read&min_position=${position}`);
  t.like(await changes.json(), {
    data: [
      { before: { scenario: 'code' }, after: { scenario: 'last' }, actor: { type: 'admin' } },
      { before: { scenario: 'chat' } },
      { before: null },
    ],
  });
});

import { randomUUID } from 'node:crypto';
import test from 'ava';
import { z } from 'zod';
import { gatewayWorld, messages } from '../support/gateway-world.ts';
import { jsonRequest } from '../support/json-request.ts';
import { request, signIn } from '../support/people.ts';
import { errorOf, modelOf } from '../support/v1-answers.ts';

const { adminToken, alias, lastAsked, person, post, program, put, sell, settings, someone } =
  gatewayWorld(test);

const List = z.object({ data: z.array(z.object({ id: z.string() })) });
const offered = async (token: string) =>
  List.parse(await request(`${program().url}/v1/models`, { token })).data.map(({ id }) => id);

test.serial(
  'a plan says which models, scenarios and endpoints there are, and how much',
  async (t) => {
    const member = await someone();
    const by = (headers: Readonly<Record<string, string>> = {}) => ({ token: member.key, headers });
    const path = `/api/admin/members/${member.memberId}/plan`;
    await put(path, {
      ...{ id: 'starter', aliases: ['small'], scenarios: ['chat'] },
      ...{ endpoints: ['/v1/chat/completions'], limits: { requests_per_minute: 1_000 } },
    });
    t.deepEqual(await offered(member.key), ['small']);
    const allowed = await post({ model: 'small' }, by({ 'x-scenario': 'chat' }));
    t.is(allowed.status, 200);
    t.is(allowed.headers.get('x-ratelimit-limit-requests'), '1000');
    t.like(await errorOf(await post({ model: 'large' }, by())), {
      ...{ status: 403, code: 'plan_not_permitted', param: 'model' },
      message: 'The plan `starter` does not permit the model `large`.',
      url: `${program().url}/plans`,
    });
    t.like(await errorOf(await post({ model: 'small' }, by({ 'x-scenario': 'code' }))), {
      ...{ status: 403, code: 'plan_not_permitted' },
      message: 'The plan `starter` does not permit the scenario `code`.',
    });
    const counting = await jsonRequest(`${program().url}/v1/messages/count_tokens`, {
      ...{ method: 'POST', token: member.key, body: { model: 'small', messages } },
    });
    t.is(counting.status, 403);
    t.like(await counting.json(), { type: 'error', error: { url: `${program().url}/plans` } });

    await settings({ plans_url: 'https://shop.example/plans' });
    await put(path, { id: 'starter', expires_at: '2026-01-01T00:00:00Z' });
    t.like(await errorOf(await post({ model: 'small' }, by())), {
      ...{ status: 403, code: 'plan_expired', type: 'permission_error' },
      url: 'https://shop.example/plans',
    });
    t.deepEqual(await offered(member.key), []);
    t.like(await request(`${program().url}/v1/user-profile`, { token: member.key }), {
      ...{ user_plan: 'starter', expire_at: '2026-01-01T00:00:00.000Z' },
    });
    await settings({ plans_url: null });
    await request(`${program().url}${path}`, { method: 'DELETE', token: adminToken() });
    t.is((await post({ model: 'large' }, by())).status, 200);
  },
);

test.serial('a plan and a client app are conditions that routes may have', async (t) => {
  const member = await someone();
  await alias('by-plan', {});
  await put('/api/admin/routes/by-plan', {
    candidates: [
      { upstream: 'openai_like', model: 'for-all' },
      { upstream: 'openai_like', model: 'for-pro', conditions: { plans: ['pro'] } },
      { upstream: 'openai_like', model: 'for-shop', conditions: { client_apps: ['shop'] } },
    ],
  });
  const answeredBy = async () => {
    t.is((await post({ model: 'by-plan' }, { token: member.key })).status, 200);
    return lastAsked().model;
  };
  t.is(await answeredBy(), 'for-all');
  await put(`/api/admin/members/${member.memberId}/plan`, { id: 'pro' });
  t.is(await answeredBy(), 'for-pro');
  const tested = await request(`${program().url}/api/admin/routes/test`, {
    ...{ method: 'POST', token: adminToken() },
    body: { alias: 'by-plan', member_id: member.memberId },
  });
  t.like(tested, { candidates: [{ model: 'for-pro' }] });
  await put(`/api/admin/members/${member.memberId}/plan`, { id: 'free' });
  await put(`/api/admin/members/${member.memberId}/client-app`, { client_app: 'shop' });
  t.is(await answeredBy(), 'for-shop');
});

const Key = z.looseObject({ id: z.string(), key: z.string() });

test.serial('a key is good for what its owner says', async (t) => {
  const { token } = person();
  const made = Key.parse(
    await request(`${program().url}/api/api-keys`, {
      ...{ method: 'POST', token, body: { name: 'narrow', aliases: ['small'] } },
    }),
  );
  t.like(made, { aliases: ['small'], scenarios: null, endpoints: null, scenario: null });
  const by = { token: made.key };
  t.deepEqual(await offered(made.key), ['small']);
  t.like(await errorOf(await post({ model: 'large' }, by)), {
    ...{ status: 403, code: 'plan_not_permitted' },
    message: 'This API key does not permit the model `large`.',
    url: `${program().url}/account`,
  });
  const path = `${program().url}/api/api-keys/${made.id}`;
  const patch = (as: string, body: object) =>
    jsonRequest(path, { method: 'PATCH', token: as, body });
  const other = await someone();
  t.is((await patch(other.token, { aliases: null })).status, 404);
  t.is((await patch(token, { aliases: ['no name!'] })).status, 400);
  t.is((await patch(token, { endpoints: ['/v1/chat/completion'] })).status, 400);
  t.is((await patch(adminToken(), { aliases: null, scenarios: ['chat'] })).status, 200);
  t.is((await post({ model: 'large' }, by)).status, 200);
  t.is((await post({ model: 'large' }, { ...by, headers: { 'x-scenario': 'code' } })).status, 403);
  await patch(token, { scenarios: null, scenario: 'code', endpoints: ['/v1/messages'] });
  t.like(await errorOf(await post({ model: 'large' }, by)), {
    message: 'This API key does not permit `/v1/chat/completions`.',
  });
  t.like(await request(`${program().url}/api/api-keys`, { token }), {
    data: [{ id: made.id, scenario: 'code', endpoints: ['/v1/messages'], aliases: null }],
  });
});

test.serial(
  'a disabled member’s keys and sessions open nothing, until it is enabled',
  async (t) => {
    const member = await someone();
    const status = (to: 'active' | 'disabled', id = member.memberId) =>
      jsonRequest(`${program().url}/api/admin/members/${id}/status`, {
        ...{ method: 'PUT', token: adminToken(), body: { status: to, reason: 'spam' } },
      });
    t.is((await status('disabled')).status, 200);
    t.like(await errorOf(await post({ model: 'small' }, { token: member.key })), {
      ...{ status: 403, code: 'account_disabled', url: `${program().url}/account` },
    });
    const wallet = () => jsonRequest(`${program().url}/api/wallet`, { token: member.token });
    const shut = await wallet();
    t.is(shut.status, 403);
    t.like(await shut.json(), { code: 'account_disabled', url: `${program().url}/account` });
    t.is((await status('active')).status, 200);
    t.is((await wallet()).status, 200);
    t.is((await post({ model: 'small' }, { token: member.key })).status, 200);
    const self = (await signIn(program())).memberId;
    t.is((await status('disabled', self)).status, 400);
    t.is((await status('disabled', randomUUID())).status, 404);
  },
);

test.serial('an administrator’s key may see who answers; nobody else’s may', async (t) => {
  await sell('broken', 'broken?status=400&message=openai says no to acct_9');
  const made = Key.parse(
    await request(`${program().url}/api/api-keys`, {
      ...{ method: 'POST', token: adminToken(), body: { name: 'mine' } },
    }),
  );
  const headers = { 'x-transparent': 'true' };
  const asAdmin = { token: made.key, headers };
  const answer = await post({ model: 'small' }, asAdmin);
  t.is(answer.status, 200);
  t.is(answer.headers.get('x-upstream'), 'openai_like');
  t.is(answer.headers.get('x-upstream-model'), 'small-model');
  t.is(await modelOf(answer), 'small-model');
  const told = await errorOf(await post({ model: 'broken' }, asAdmin));
  t.regex(told.message, /openai says no to acct_9/);
  const hidden = await errorOf(await post({ model: 'broken' }, { token: made.key }));
  t.notRegex(hidden.message, /acct_9/);
  const plain = await post({ model: 'small' }, { token: made.key });
  t.is(plain.headers.get('x-upstream'), null);
  t.is(await modelOf(plain), 'small');
  t.like(await errorOf(await post({ model: 'small' }, { headers })), {
    ...{ status: 403, code: 'forbidden' },
  });
  t.notRegex(program().output(), /acct_9/);
});

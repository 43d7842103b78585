import { randomUUID } from 'node:crypto';
import test from 'ava';
import { z } from 'zod';
import { adminToken, ask, newMember, testApi } from '../support/api.ts';

const api = testApi(test);
let token = '';
test.before(async () => {
  token = await adminToken(api());
});

const get = (path: string, as = token) =>
  ask(api(), 'GET', `/api/admin/members${path}`, { token: as });
const Listed = z.object({ data: z.array(z.looseObject({ id: z.string() })) });

test('one member is told as the list tells it, with its plan and its client app', async (t) => {
  const { memberId: id } = await newMember(api());
  await ask(api(), 'PUT', `/api/admin/members/${id}/plan`, { token, body: { id: 'pro' } });
  await ask(api(), 'PUT', `/api/admin/members/${id}/client-app`, {
    ...{ token, body: { client_app: 'shop' } },
  });
  const { head } = api().eventLog;
  const { body } = await get(`/${id}?min_position=${await head()}`);
  t.like(body, { id, client_app: 'shop', plan: { id: 'pro' }, status: 'active' });
  const { data } = Listed.parse((await get('')).body);
  t.like(body, data.find((each) => each.id === id) ?? {});
});

test('an administrator finds the keys of a member, as its member does', async (t) => {
  const { memberId, token: own } = await newMember(api());
  await ask(api(), 'POST', '/api/api-keys', { token: own, body: { name: 'k', scenario: 'chat' } });
  const { body } = await get(`/${memberId}/api-keys`);
  t.like(body, { data: [{ name: 'k', scenario: 'chat' }] });
  const mine = Listed.parse((await ask(api(), 'GET', '/api/api-keys', { token: own })).body);
  t.deepEqual(Listed.parse(body).data, mine.data);
});

test('a member that is not there is not found, and members are shown none', async (t) => {
  t.like(await get(`/${randomUUID()}`), { status: 404, body: { code: 'member_not_found' } });
  const { memberId, token: own } = await newMember(api());
  t.is((await get(`/${memberId}`, own)).status, 403);
  t.is((await get(`/${memberId}/api-keys`, own)).status, 403);
});

import test from 'ava';
import { adminToken, ask, newKey, testApi } from '../support/api.ts';

const api = testApi(test);

test('what reads under /api refuses a parameter that it doesn’t know, by name', async (t) => {
  const token = await adminToken(api());
  const lists = api().api.routes.filter(
    ({ method, path }) => method === 'GET' && path.startsWith('/api/'),
  );
  t.true(lists.length > 10);
  for (const { path } of lists) {
    const answer = await ask(api(), 'GET', `${path}?surprise=zzz`, { token });
    t.is(answer.status, 400, path);
    t.like(answer.body, { code: 'invalid_request', errors: [{ field: 'surprise' }] }, path);
  }
  const accepted = await ask(api(), 'GET', '/api/admin/changes?noun=model&limit=1', { token });
  t.is(accepted.status, 200);
});

test('links and clients may say more than is known', async (t) => {
  const { key } = await newKey(api(), await adminToken(api()));
  t.is((await ask(api(), 'GET', '/v1/models?surprise=zzz', { token: key })).status, 200);
  t.is((await ask(api(), 'GET', '/verify-email?code=x&utm_source=mail')).status, 200);
});

import test from 'ava';
import { administrator, adminToken, ask, signUp, testApi } from '../support/api.ts';

const api = testApi(test);
let code = '';

test.serial(
  'the environment’s person is appointed, over a pending sign-up, by processes that start together',
  async (t) => {
    const printed = await api().api.ensureSetUp(undefined);
    code = printed.kind === 'open' ? (printed.path.split('code=')[1] ?? '') : '';
    await signUp(api(), administrator.email, { password: 'somebody-elses-one' });
    const ways = await Promise.all(
      Array.from({ length: 3 }, () => api().api.ensureSetUp(administrator)),
    );
    t.true(ways.some(({ kind }) => kind === 'appointed'));
    const token = await adminToken(api());
    t.like((await ask(api(), 'GET', '/api/profile', { token })).body, {
      email: administrator.email,
      admin: true,
    });
    const appointed = api().eventLog.events.filter(({ type }) => type === 'FirstAdminAppointed');
    t.is(appointed.length, 1);
    const { body } = await ask(api(), 'GET', '/api/wallet', { token });
    t.like(body, { balances: [{ available: '10' }] });
  },
);

test.serial('a code that was printed before is worth nothing then', async (t) => {
  const body = { code, email: 'eve@example.com', password: 'a-long-password' };
  const answer = await ask(api(), 'POST', '/api/setup', { body });
  t.is(answer.status, 409);
  t.like(answer.body, { code: 'already_set_up' });
});

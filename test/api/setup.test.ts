import test from 'ava';
import { z } from 'zod';
import { administrator, ask, newMember, password, signIn, testApi } from '../support/api.ts';

const api = testApi(test);

const Done = z.object({ member_id: z.uuid(), token: z.string(), key: z.string() });
const setUp = (code: string, body: Record<string, unknown> = {}) =>
  ask(api(), 'POST', '/api/setup', { body: { code, ...administrator, ...body } });

async function openedCode(): Promise<string> {
  const way = await api().api.ensureSetUp(undefined);
  return way.kind === 'open' ? (way.path.split('code=')[1] ?? '') : '';
}

test.serial('a wrong code appoints nobody', async (t) => {
  t.like((await setUp('x')).body, { code: 'code_invalid' });
  await openedCode();
  const answer = await setUp('x');
  t.is(answer.status, 400);
  t.like(answer.body, { code: 'code_invalid' });
});

test.serial('the code of an earlier start is dead', async (t) => {
  const first = await openedCode();
  t.not(await openedCode(), first);
  t.like((await setUp(first)).body, { code: 'code_invalid' });
});

test.serial('no code, and no part of it, is in an event or a log line', async (t) => {
  const code = await openedCode();
  await ask(api(), 'GET', `/setup?code=${code}`);
  const text =
    api().logged.join('\n') + JSON.stringify(api().eventLog.events.map(({ data }) => data));
  t.false(text.includes(code));
});

test.serial('the address of a member is set up only with their password', async (t) => {
  const { email } = await newMember(api());
  const answer = await setUp(await openedCode(), { email, password: 'not-the-password' });
  t.is(answer.status, 401);
  t.like(answer.body, { code: 'invalid_credentials' });
});

test.serial('the link’s page changes nothing, and its form refuses in words', async (t) => {
  const code = await openedCode();
  const page = await ask(api(), 'GET', `/setup?code=${code}`);
  t.is(page.status, 200);
  t.true(page.text.includes(`value="${code}"`));
  const form = await fetch(`${api().url}/setup`, {
    method: 'POST',
    body: new URLSearchParams({ code: 'x', ...administrator }),
  });
  t.is(form.status, 400);
  t.regex(await form.text(), /not valid/);
});

test.serial('what a crash left half done is finished by doing it again', async (t) => {
  const code = await openedCode();
  const { next } = api().eventLog;
  // The address is owned; the appointment is what the log doesn't take.
  let appends = 0;
  const failing = () => {
    appends += 1;
    if (appends >= 6) throw Object.assign(new Error('gone'), { retryable: true });
    next.before = failing;
  };
  next.before = failing;
  const broken = await setUp(code);
  next.before = undefined;
  t.is(broken.status, 503);
  t.deepEqual(appointments(), []);
  t.is((await signIn(api(), administrator.email, administrator.password)).status, 200);
  const answer = await setUp(code);
  t.is(answer.status, 201);
  t.is(appointments().length, 1);
  const { token, key } = Done.parse(answer.body);
  t.like((await ask(api(), 'GET', '/api/profile', { token })).body, { admin: true });
  t.is((await ask(api(), 'GET', '/v1/user-profile', { token: key })).status, 200);
  t.like((await ask(api(), 'GET', '/api/wallet', { token })).body, {
    balances: [{ asset: 'CNY', available: '10' }],
  });
});

const appointments = () =>
  api().eventLog.events.filter(({ type }) => type === 'FirstAdminAppointed');

test.serial('there is one first administrator, by whatever way', async (t) => {
  t.deepEqual(await api().api.ensureSetUp(undefined), { kind: 'set_up_before' });
  const other = { email: 'other@example.com', password };
  t.deepEqual(await api().api.ensureSetUp(other), { kind: 'set_up_before' });
  t.is(appointments().length, 1);
});

import test from 'ava';
import { decode } from '../../src/domain/events.ts';
import {
  ask,
  codeFor,
  newAddress,
  newMember,
  password,
  sessionOf,
  signIn,
  signUp,
  testApi,
  verify,
} from '../support/api.ts';

const api = testApi(test);

const sameBut = (email: string) => ({ email, headers: ['x-request-id', 'date'] });

test('a new, a pending and an owned address get the same answer', async (t) => {
  const fresh = newAddress();
  const { email: owned } = await newMember(api());
  const answers = [
    await signUp(api(), fresh),
    await signUp(api(), fresh),
    await signUp(api(), owned),
  ];
  const { headers: varying } = sameBut(fresh);
  for (const { status, body, headers } of answers) {
    t.is(status, 202);
    t.deepEqual(body, {});
    t.deepEqual(
      [...headers.keys()].filter((name) => !varying.includes(name)),
      [...(answers[0]?.headers.keys() ?? [])].filter((name) => !varying.includes(name)),
    );
  }
});

test('an owner is told of a sign-up with their address, without a code', async (t) => {
  const { email } = await newMember(api());
  await signUp(api(), email, { password: 'another-password' });
  const mail = api().mails.findLast(({ to }) => to === email);
  t.regex(mail?.text ?? '', /account already/);
  t.notRegex(mail?.text ?? '', /code=/);
  t.is((await signIn(api(), email)).status, 200);
  t.is((await signIn(api(), email, 'another-password')).status, 401);
});

test('the newest sign-up takes the place of a pending one: its password and code alone count', async (t) => {
  const email = newAddress();
  await signUp(api(), email, { password: 'the-first-password' });
  const first = codeFor(api(), email);
  await signUp(api(), email, { password: 'the-second-password' });
  const dead = await verify(api(), first);
  t.is(dead.status, 400);
  t.like(dead.body, { code: 'code_invalid' });
  t.is((await verify(api(), codeFor(api(), email))).status, 200);
  t.is((await signIn(api(), email, 'the-first-password')).status, 401);
  t.is((await signIn(api(), email, 'the-second-password')).status, 200);
});

test('verifying twice by the same code is fine', async (t) => {
  const email = newAddress();
  await signUp(api(), email);
  t.is((await verify(api(), codeFor(api(), email))).status, 200);
  t.is((await verify(api(), codeFor(api(), email))).status, 200);
});

test('a verified member has a wallet, and the consequences are there with the answer', async (t) => {
  const email = newAddress();
  await signUp(api(), email);
  const answer = await verify(api(), codeFor(api(), email));
  const types = api().eventLog.events.map(({ type }) => type);
  t.true(types.includes('WalletPeriodOpened'));
  t.regex(answer.headers.get('x-position') ?? '', /^\d+$/);
});

test('one address has one owner, however it is written', async (t) => {
  const email = newAddress();
  await signUp(api(), `  ${email.toUpperCase()} `);
  await verify(api(), codeFor(api(), email));
  t.is((await signIn(api(), email)).status, 200);
  await signUp(api(), email);
  t.notRegex(api().mails.findLast(({ to }) => to === email)?.text ?? '', /code=/);
});

test('what is no code of ours is invalid, also one that leads to no claim', async (t) => {
  const nobody = `${'A'.repeat(43)}.${'B'.repeat(43)}`;
  for (const code of ['', 'x', nobody, `${nobody}.C`]) {
    const answer = await verify(api(), code);
    t.is(answer.status, 400);
    t.like(answer.body, { code: 'code_invalid' });
  }
});

test('bad sign-ups are refused by field, before anything is written', async (t) => {
  const email = newAddress();
  for (const [field, body] of [
    ['email', { email: 'nobody', password }],
    ['password', { email, password: 'short' }],
    ['username', { email, password, username: 'a\u0007b' }],
    ['admin', { email, password, admin: true }],
  ] as const) {
    const answer = await ask(api(), 'POST', '/api/signup', { body });
    t.is(answer.status, 400);
    t.like(answer.body, { code: 'invalid_request', errors: [{ field }] });
  }
  t.false(api().mails.some(({ to }) => to === email || to.startsWith('nobody')));
  t.is((await signIn(api(), email)).status, 401);
});

test('opening the link changes nothing; its button works without scripts', async (t) => {
  const email = newAddress();
  await signUp(api(), email);
  const code = codeFor(api(), email);
  const page = await ask(api(), 'GET', `/verify-email?code=${code}`);
  t.is(page.status, 200);
  t.is(page.headers.get('content-type'), 'text/html; charset=utf-8');
  t.regex(page.headers.get('content-security-policy') ?? '', /default-src 'none'/);
  t.is(page.headers.get('referrer-policy'), 'no-referrer');
  t.true(page.text.includes(`value="${code}"`));
  t.is((await signIn(api(), email)).status, 403);
  const sent = await fetch(`${api().url}/verify-email`, {
    method: 'POST',
    body: new URLSearchParams({ code }),
  });
  t.is(sent.status, 200);
  t.regex(await sent.text(), /verified/);
  t.is((await signIn(api(), email)).status, 200);
});

test('the page says in the reader’s language that a code is dead, and escapes what it shows', async (t) => {
  const sent = await fetch(`${api().url}/verify-email`, {
    method: 'POST',
    headers: { 'accept-language': 'zh-CN' },
    body: new URLSearchParams({ code: 'old' }),
  });
  t.is(sent.status, 400);
  t.regex(await sent.text(), /该链接无效/);
  const page = await ask(api(), 'GET', `/verify-email?code=${encodeURIComponent('"><b>')}`);
  t.false(page.text.includes('<b>'));
});

test('a mail is in the language of whoever signed up', async (t) => {
  const email = newAddress();
  await ask(api(), 'POST', '/api/signup', {
    body: { email, password },
    headers: { 'accept-language': 'zh-CN,zh;q=0.9' },
  });
  t.is(api().mails.findLast(({ to }) => to === email)?.subject, '请验证您的邮箱');
});

test('nothing personal and no secret is in the clear, in any event or log line', async (t) => {
  const email = newAddress();
  await ask(api(), 'POST', '/api/signup', {
    body: { email, password: 'very-secret-password', username: 'Zaphod' },
    headers: { 'x-forwarded-for': '203.0.113.77', 'user-agent': 'Heart-of-Gold/1.0' },
  });
  const code = codeFor(api(), email);
  await fetch(`${api().url}/verify-email?code=${code}`);
  await verify(api(), code);
  for (const secret of ['wrong-password', 'very-secret-password']) {
    await ask(api(), 'POST', '/api/signin', {
      body: { email, password: secret },
      headers: { 'x-forwarded-for': '203.0.113.77', 'user-agent': 'Heart-of-Gold/1.0' },
    });
  }
  const { token } = sessionOf(await signIn(api(), email, 'very-secret-password'));
  const created = await ask(api(), 'POST', '/api/api-keys', { token, body: { name: 'mine' } });
  const key = /sk-[\w-]+/.exec(created.text)?.[0] ?? '';
  t.is(key.length, 46);
  const events = api().eventLog.events.map(decode);
  const text = JSON.stringify(events, (_, value) =>
    typeof value === 'bigint' ? `${value}` : value,
  );
  const lines = api().logged.join('\n');
  for (const secret of [
    ...[email, email.split('@')[0] ?? email, 'Zaphod', '203.0.113.77', 'Heart-of-Gold'],
    ...['very-secret-password', 'wrong-password', '$argon2', code, key, token],
  ]) {
    t.false(text.includes(secret), `an event has ${secret}`);
    t.false(lines.includes(secret), `a log line has ${secret}`);
  }
  t.true(events.some(({ type }) => type === 'LoginFailed'));
  t.true(events.some(({ type }) => type === 'LoginSucceeded'));
});

test.serial('a mail that can’t be sent now is a fault, the same for every address', async (t) => {
  const { email: owned } = await newMember(api());
  const { send } = api().world;
  api().world.send = () => Promise.reject(Object.assign(new Error('smtp'), { retryable: true }));
  t.teardown(() => {
    api().world.send = send;
  });
  for (const email of [owned, newAddress()]) {
    const answer = await signUp(api(), email);
    t.is(answer.status, 503);
    t.is(answer.headers.get('retry-after'), '1');
  }
});

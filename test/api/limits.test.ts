import test from 'ava';
import { ApiError } from '../../src/api/errors.ts';
import { usualLimits } from '../../src/api/limits.ts';
import {
  ask,
  codeFor,
  newAddress,
  newMember,
  sessionOf,
  signIn,
  signUp,
  testApi,
  verify,
} from '../support/api.ts';

const api = testApi(test, { limited: true });
const start = Date.now();
const minute = 60_000;

test.beforeEach(() => {
  api().world.now = () => new Date(start);
});

const from = (ip: string) => ({ headers: { 'x-forwarded-for': ip } });
const guess = (email: string, ip: string, password = 'not-the-password') =>
  ask(api(), 'POST', '/api/signin', { body: { email, password }, ...from(ip) });

test.serial('ten wrong passwords close a member to that network address alone', async (t) => {
  const { email } = await newMember(api());
  const ip = '192.0.2.1';
  const tries = Array.from({ length: 12 }, () => guess(email, ip));
  const statuses = (await Promise.all(tries)).map(({ status }) => status);
  t.is(statuses.filter((status) => status === 401).length, 10);
  t.is(statuses.filter((status) => status === 429).length, 2);
  const closed = await guess(email, ip);
  t.is(closed.status, 429);
  t.like(closed.body, { code: 'too_many_attempts' });
  t.is(closed.headers.get('retry-after'), '900');
  t.is((await signIn(api(), email)).status, 200, 'the owner, from elsewhere');
  api().world.now = () => new Date(start + 15 * minute);
  t.is((await guess(email, ip)).status, 401);
});

test.serial('two hundred wrong passwords from anywhere close a member', async (t) => {
  const { email } = await newMember(api());
  const tries = Array.from({ length: 205 }, (_, n) => guess(email, `203.0.113.${n}`));
  const statuses = (await Promise.all(tries)).map(({ status }) => status);
  t.is(statuses.filter((status) => status === 401).length, 200);
  t.is((await signIn(api(), email)).status, 429);
});

test.serial('right passwords are no guesses', async (t) => {
  const { email } = await newMember(api());
  for (let n = 0; n < 12; n += 1) t.is((await signIn(api(), email)).status, 200);
});

test.serial('a hundred wrong guesses close a network address', async (t) => {
  const ip = '198.51.100.1';
  const tries = Array.from({ length: 101 }, () => guess(newAddress(), ip));
  const statuses = (await Promise.all(tries)).map(({ status }) => status);
  t.is(statuses.filter((status) => status === 401).length, 100);
  t.is((await guess(newAddress(), ip)).status, 429);
  t.is((await guess(newAddress(), '198.51.100.2')).status, 401);
});

test.serial('three hundred codes a minute are enough for one network address', async (t) => {
  const ip = '198.51.100.9';
  const tries = Array.from({ length: 301 }, () =>
    ask(api(), 'POST', '/api/verify-email', { body: { code: 'x' }, ...from(ip) }),
  );
  const statuses = (await Promise.all(tries)).map(({ status }) => status);
  t.is(statuses.filter((status) => status === 400).length, 300);
  t.is(statuses.filter((status) => status === 429).length, 1);
  const body = { email: newAddress(), password: 'long-enough' };
  t.is((await ask(api(), 'POST', '/api/signup', { body, ...from(ip) })).status, 202);
});

test('a hundred and twenty sign-ups a minute are enough for one network address', (t) => {
  let now = start;
  const { signups } = usualLimits(() => new Date(now));
  for (let n = 0; n < 120; n += 1) signups.take('198.51.100.9');
  const closed = t.throws(() => signups.take('198.51.100.9'), { instanceOf: ApiError });
  t.is(closed?.code, 'too_many_attempts');
  t.notThrows(() => signups.take('198.51.100.8'));
  now += minute;
  t.notThrows(() => signups.take('198.51.100.9'));
});

test.serial('an address gets sixty mails an hour, whoever asks for them', async (t) => {
  const { email } = await newMember(api());
  const tries = Array.from({ length: 61 }, (_, n) =>
    ask(api(), 'POST', '/api/signup', {
      body: { email: email.toUpperCase(), password: 'another-password' },
      ...from(`203.0.113.${n}`),
    }),
  );
  const statuses = (await Promise.all(tries)).map(({ status }) => status);
  // One was the member's own.
  t.is(statuses.filter((status) => status === 202).length, 59);
  t.is(statuses.filter((status) => status === 429).length, 2);
  t.is((await signUp(api(), newAddress())).status, 202);
});

test.serial('a link is good for 24 hours', async (t) => {
  const email = newAddress();
  await signUp(api(), email);
  api().world.now = () => new Date(start + 24 * 60 * minute);
  const late = await verify(api(), codeFor(api(), email));
  t.is(late.status, 400);
  t.like(late.body, { code: 'code_expired' });
  await signUp(api(), email);
  t.is((await verify(api(), codeFor(api(), email))).status, 200);
});

test.serial('a session ends after twelve hours', async (t) => {
  const { email } = await newMember(api());
  const { token } = sessionOf(await signIn(api(), email));
  api().world.now = () => new Date(start + 12 * 60 * minute - 1_000);
  t.is((await ask(api(), 'GET', '/api/profile', { token })).status, 200);
  api().world.now = () => new Date(start + 12 * 60 * minute + 1_000);
  t.is((await ask(api(), 'GET', '/api/profile', { token })).status, 401);
});

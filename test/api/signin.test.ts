import test from 'ava';
import { decode } from '../../src/domain/events.ts';
import {
  ask,
  newAddress,
  newKey,
  newMember,
  password,
  sessionOf,
  signIn,
  signUp,
  testApi,
} from '../support/api.ts';

const api = testApi(test);

const loginEvents = (memberId: string) =>
  api()
    .eventLog.events.map(decode)
    .filter(({ type, stream }) => type.startsWith('Login') && stream === `member-${memberId}`);

test('the right password opens a session of twelve hours, which is recorded', async (t) => {
  const { email, memberId } = await newMember(api());
  const answer = await signIn(api(), email);
  t.is(answer.status, 200);
  const { token, expires_at, member_id } = sessionOf(answer);
  t.is(member_id, memberId);
  const profile = await ask(api(), 'GET', '/api/profile', { token });
  t.like(profile.body, { member_id: memberId, email, username: 'Ann', admin: false });
  const [, second] = loginEvents(memberId);
  t.is(second?.type, 'LoginSucceeded');
  t.is(second?.type === 'LoginSucceeded' && second.data.expiresAt, expires_at);
});

test('a wrong password and an unknown address get the same 401; the first is recorded', async (t) => {
  const { email, memberId } = await newMember(api());
  const wrong = await signIn(api(), email, 'not-the-password');
  const unknown = await signIn(api(), newAddress(), 'not-the-password');
  t.is(wrong.status, 401);
  t.like(wrong.body, { code: 'invalid_credentials', status: 401 });
  t.deepEqual(unknown.body, wrong.body);
  t.is(unknown.status, 401);
  const failed = loginEvents(memberId).at(-1);
  t.like(failed, { type: 'LoginFailed', data: { reason: 'wrong_password' } });
});

test('an unverified address is told so only by the right password', async (t) => {
  const email = newAddress();
  await signUp(api(), email);
  t.is((await signIn(api(), email, 'not-the-password')).status, 401);
  const right = await signIn(api(), email);
  t.is(right.status, 403);
  t.like(right.body, { code: 'email_unverified' });
});

test('signing out ends the session at once, and only that one', async (t) => {
  const { email, token } = await newMember(api());
  const other = sessionOf(await signIn(api(), email)).token;
  t.is((await ask(api(), 'POST', '/api/signout', { token })).status, 200);
  const ended = await ask(api(), 'GET', '/api/profile', { token });
  t.is(ended.status, 401);
  t.like(ended.body, { code: 'unauthenticated' });
  t.is(ended.headers.get('www-authenticate'), 'Bearer');
  t.is((await ask(api(), 'GET', '/api/profile', { token: other })).status, 200);
});

test('no, a broken, a forged or a foreign token is 401', async (t) => {
  const { token } = await newMember(api());
  const [head, claims] = token.split('.');
  const none = Buffer.from('{"alg":"none"}').toString('base64url');
  const broken = [
    '',
    'x',
    `${head}.${claims}.${'A'.repeat(86)}`,
    `${none}.${claims}.`,
    (await newKey(api(), token)).key,
  ];
  for (const each of broken) {
    const answer = await ask(api(), 'GET', '/api/profile', { token: each });
    t.is(answer.status, 401);
    t.like(answer.body, { code: 'unauthenticated' });
  }
});

test('a session is no API key', async (t) => {
  const { token } = await newMember(api());
  const answer = await ask(api(), 'GET', '/v1/user-profile', { token });
  t.is(answer.status, 401);
  t.like(answer.body, { error: { code: 'invalid_api_key' } });
});

test('a member without the role is no administrator', async (t) => {
  const { token } = await newMember(api());
  const answer = await ask(api(), 'GET', '/api/admin/members', { token });
  t.is(answer.status, 403);
  t.like(answer.body, { code: 'forbidden' });
});

test('what is no address is refused by its field', async (t) => {
  const answer = await ask(api(), 'POST', '/api/signin', { body: { email: 'x', password } });
  t.is(answer.status, 400);
  t.like(answer.body, { errors: [{ field: 'email' }] });
});

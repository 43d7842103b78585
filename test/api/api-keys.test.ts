import { createHash, randomUUID } from 'node:crypto';
import test from 'ava';
import { reactor } from '../../src/api/command-context.ts';
import { keyIssuer } from '../../src/api/create-api-key.ts';
import { decode } from '../../src/domain/events.ts';
import { newKeysADay } from '../../src/domain/member/keys.ts';
import { streamOf } from '../../src/domain/streams.ts';
import { adminToken, ask, newKey, newMember, testApi } from '../support/api.ts';
import { contextOf } from '../support/purse.ts';

const api = testApi(test);

test('a key is shown once and kept as its hash', async (t) => {
  const { token } = await newMember(api());
  const answer = await ask(api(), 'POST', '/api/api-keys', { token, body: { name: ' laptop ' } });
  t.is(answer.status, 201);
  t.like(answer.body, { name: 'laptop' });
  const { key = '', prefix } = answer.body as { key?: string; prefix?: string };
  t.regex(key, /^sk-[\w-]{43}$/);
  t.is(prefix, key.slice(0, 10));
  const hash = createHash('sha256').update(key).digest('hex');
  const claimed = api()
    .eventLog.events.map(decode)
    .find((event) => event.type === 'ApiKeyClaimed' && event.data.hash === hash);
  t.is(claimed?.stream, `apikey-${hash}`);
  const list = await ask(api(), 'GET', '/api/api-keys', { token });
  t.false(list.text.includes(key));
});

test('whose key the policies’ feed claims first hears all the same how far to read for it', async (t) => {
  const { run, eventLog, runPoliciesFor } = api();
  const { memberId } = await newMember(api());
  const react = reactor(runPoliciesFor, eventLog.head);
  const issue = keyIssuer({
    run: run.member.run,
    async react(issued) {
      for (const event of issued.events) await runPoliciesFor(event);
      return react(issued);
    },
    ...{ most: () => 1, clock: () => new Date() },
  });
  const by = { caller: undefined, request: { id: randomUUID() } };
  const { id, position } = await issue({ memberId, walletId: randomUUID(), name: 'laptop' }, by);
  const claims = eventLog.events
    .map(decode)
    .filter((event) => event.type === 'ApiKeyClaimed' && event.data.keyId === id);
  t.is(claims.length, 1);
  t.true(position !== null && position >= (claims[0]?.position ?? Infinity));
});

test('a key is listed for its member at once, and for nobody else', async (t) => {
  const ann = await newMember(api());
  const bob = await newMember(api());
  const { id, prefix } = await newKey(api(), ann.token);
  const mine = await ask(api(), 'GET', '/api/api-keys', { token: ann.token });
  t.like(mine.body, { data: [{ id, name: 'test', prefix, revoked_at: null }], next_cursor: null });
  t.regex((mine.body as { as_of_position: string }).as_of_position, /^\d+$/);
  const others = await ask(api(), 'GET', '/api/api-keys', { token: bob.token });
  t.like(others.body, { data: [] });
});

test('a list goes on where its cursor says', async (t) => {
  const { token } = await newMember(api());
  const made = [await newKey(api(), token), await newKey(api(), token), await newKey(api(), token)];
  const seen: string[] = [];
  let cursor: string | null = '';
  while (cursor !== null) {
    const after: string = cursor === '' ? '' : `&cursor=${cursor}`;
    const { body } = await ask(api(), 'GET', `/api/api-keys?limit=2${after}`, { token });
    const page = body as { data: { id: string }[]; next_cursor: string | null };
    seen.push(...page.data.map(({ id }) => id));
    cursor = page.next_cursor;
  }
  t.deepEqual(seen, made.map(({ id }) => id).reverse());
  for (const query of ['limit=0', 'limit=101', 'limit=x', 'cursor=x']) {
    t.is((await ask(api(), 'GET', `/api/api-keys?${query}`, { token })).status, 400);
  }
});

test('a revoked key is refused at its next request', async (t) => {
  const { token, email } = await newMember(api());
  const { id, key } = await newKey(api(), token);
  const before = await ask(api(), 'GET', '/v1/user-profile', { token: key });
  t.deepEqual(before.body, { email, username: 'Ann', user_plan: null, expire_at: null });
  const revoked = await ask(api(), 'DELETE', `/api/api-keys/${id}`, { token });
  t.is(revoked.status, 204);
  t.is(revoked.text, '');
  t.regex(revoked.headers.get('x-position') ?? '', /^\d+$/);
  const after = await ask(api(), 'GET', '/v1/user-profile', { token: key });
  t.is(after.status, 401);
  t.like(after.body, { error: { code: 'invalid_api_key', type: 'authentication_error' } });
  t.is((await ask(api(), 'DELETE', `/api/api-keys/${id}`, { token })).status, 204);
});

test('nobody revokes a key that isn’t theirs, nor one that isn’t there', async (t) => {
  const ann = await newMember(api());
  const bob = await newMember(api());
  const { id, key } = await newKey(api(), ann.token);
  for (const other of [id, randomUUID()]) {
    const answer = await ask(api(), 'DELETE', `/api/api-keys/${other}`, { token: bob.token });
    t.is(answer.status, 404);
    t.like(answer.body, { code: 'api_key_not_found' });
  }
  t.is((await ask(api(), 'DELETE', '/api/api-keys/x', { token: bob.token })).status, 400);
  t.is((await ask(api(), 'GET', '/v1/user-profile', { token: key })).status, 200);
});

test('a key opens no session, and makes no keys', async (t) => {
  const { token } = await newMember(api());
  const { key } = await newKey(api(), token);
  for (const [method, path] of [
    ['GET', '/api/api-keys'],
    ['POST', '/api/api-keys'],
    ['GET', '/api/wallet'],
    ['GET', '/api/admin/members'],
  ] as const) {
    t.is((await ask(api(), method, path, { token: key })).status, 401);
  }
});

test('a key of somebody who is no active member is refused as such', async (t) => {
  const key = `sk-${'k'.repeat(43)}`;
  const hash = createHash('sha256').update(key).digest('hex');
  const [keyId, memberId, walletId] = [randomUUID(), randomUUID(), randomUUID()];
  await api().run.apiKey.run(
    streamOf.apiKey(hash),
    () => ({ type: 'ClaimApiKey', hash, keyId, memberId, walletId, name: 'n', prefix: 'sk-kkk' }),
    contextOf(keyId),
  );
  const answer = await ask(api(), 'GET', '/v1/models', { token: key });
  t.is(answer.status, 403);
  t.like(answer.body, { error: { code: 'account_disabled', type: 'permission_error' } });
});

test('an unknown, a cut and a missing key are told apart by nothing', async (t) => {
  const { token } = await newMember(api());
  const { key } = await newKey(api(), token);
  const answers = [
    await ask(api(), 'GET', '/v1/models', { token: `sk-${'x'.repeat(43)}` }),
    await ask(api(), 'GET', '/v1/models', { token: key.slice(0, -1) }),
    await ask(api(), 'GET', '/v1/models'),
  ];
  for (const { status, body } of answers) {
    t.is(status, 401);
    t.deepEqual(body, answers[0]?.body);
  }
});

const makeKey = (token: string, locale = 'en') =>
  ask(api(), 'POST', '/api/api-keys', {
    ...{ token, body: { name: 'test' } },
    headers: { 'accept-language': locale },
  });

test.serial('of keys that are made at once no more than may be good get through', async (t) => {
  const admin = await adminToken(api());
  const set = async (most: number) => {
    const body = { api_keys_per_member: most };
    const answer = await ask(api(), 'PUT', '/api/admin/settings', { token: admin, body });
    t.is(answer.status, 200);
    t.like(answer.body, body);
  };
  await set(3);
  const { token } = await newMember(api());
  const first = await newKey(api(), token);
  const answers = await Promise.all(Array.from({ length: 6 }, () => makeKey(token)));
  t.deepEqual(answers.map(({ status }) => status).sort(), [201, 201, 409, 409, 409, 409]);
  const refused = await makeKey(token);
  t.is(refused.headers.get('content-type')?.split(';')[0], 'application/problem+json');
  t.like(refused.body, {
    ...{ status: 409, code: 'too_many_api_keys' },
    detail: 'At most 3 keys may be good at once; revoke one first.',
  });
  t.like((await makeKey(token, 'zh')).body, {
    detail: '最多可同时拥有 3 个有效密钥，请先吊销一个。',
  });
  const list = await ask(api(), 'GET', '/api/api-keys', { token });
  t.is((list.body as { data: unknown[] }).data.length, 3);
  const other = await newMember(api());
  t.is((await makeKey(other.token)).status, 201, 'another member has keys of their own');
  await ask(api(), 'DELETE', `/api/api-keys/${first.id}`, { token });
  t.deepEqual((await Promise.all([makeKey(token), makeKey(token)])).map((a) => a.status).sort(), [
    ...[201, 409],
  ]);
  await set(50);
  t.is((await makeKey(token)).status, 201);
});

test('who makes and revokes keys all day is told when to go on', async (t) => {
  const { token } = await newMember(api());
  for (let made = 0; made < newKeysADay; made += 1) {
    const { id } = await newKey(api(), token);
    await ask(api(), 'DELETE', `/api/api-keys/${id}`, { token });
  }
  const refused = await makeKey(token);
  t.is(refused.status, 429);
  t.like(refused.body, { code: 'rate_limit_exceeded' });
  t.regex(refused.headers.get('retry-after') ?? '', /^\d+$/);
});

test('a number of keys that no operator can mean is refused', async (t) => {
  const token = await adminToken(api());
  for (const most of [0, -1, 1.5, 1_001, '5', null]) {
    const body = { api_keys_per_member: most };
    t.is((await ask(api(), 'PUT', '/api/admin/settings', { token, body })).status, 400);
  }
});

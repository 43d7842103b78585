import { randomUUID } from 'node:crypto';
import test from 'ava';
import { z } from 'zod';
import { ask, newKey, newMember } from '../support/api.ts';
import { eventually } from '../support/eventually.ts';
import { memberWithCalls, memberWithWallet } from '../support/member-calls.ts';
import type { Body } from '../support/wallet-admin.ts';
import { walletAdmin } from '../support/wallet-admin.ts';
import { settleOf } from '../support/wallets.ts';

const { api, token, adminId, send, post, put, look } = walletAdmin(test);

const LotId = z.object({ lot_id: z.uuid() });

test('a grant may be an allowance for some models that blocks, from a moment on', async (t) => {
  const { memberId, walletId, token: theirs } = await memberWithWallet(api(), 'allowance');
  const answer = await send('POST', `/api/admin/members/${memberId}/grants`, {
    ...{ asset: 'requests', amount: '100', kind: 'plan', past: 'block', models: ['demo', 'm'] },
    effective_at: '2026-01-01T08:00:00+08:00',
    expires_at: '2998-01-01T00:00:00Z',
  });
  t.is(answer.status, 201);
  const { lot_id } = LotId.parse(answer.body);
  const lot = {
    ...{ lot_id, asset: 'requests', kind: 'plan', free: '100', held: '0' },
    models: ['demo', 'm'],
    effective_at: '2026-01-01T00:00:00.000Z',
    expires_at: '2998-01-01T00:00:00.000Z',
  };
  const whole = { ...lot, priority: 0, past: 'block', ended: null };
  t.like(await look(walletId), { member_id: memberId, lots: [whole], owed: '0', frozen: false });
  const mine = await ask(api(), 'GET', '/api/wallet', { token: theirs });
  t.deepEqual((mine.body as { lots: unknown }).lots, [lot]);
});

test('money blocks nothing, and a scope has models, at most fifty', async (t) => {
  const { memberId } = await newMember(api());
  const grant = (body: Body) =>
    send('POST', `/api/admin/members/${memberId}/grants`, { asset: 'CNY', amount: '1', ...body });
  t.like((await grant({ past: 'block' })).body, { code: 'invalid_limit' });
  for (const [field, body] of [
    ['models', { models: [] }],
    ['models', { models: Array.from({ length: 51 }, (_, n) => `m${n}`) }],
    ['models[0]', { models: ['<script>'] }],
    ['past', { past: 'wait' }],
    ['effective_at', { effective_at: 'tomorrow' }],
    ['effective_at', { effective_at: '0000-06-01T00:00:00Z' }],
    ['effective_at', { effective_at: '0001-01-01T00:00:00+08:00' }],
    ['expires_at', { expires_at: '9999-12-31T23:59:59-12:00' }],
  ] as const) {
    const { status, body: refused } = await grant(body);
    t.is(status, 400, field);
    t.like(refused, { code: 'invalid_request', errors: [{ field }] });
  }
});

test('an order is refused in the language of who asks, when it is repeated too', async (t) => {
  const { memberId, walletId, settlementId } = await memberWithCalls(api(), 'languages');
  const refused = async (method: string, path: string, body: Body, language: string) => {
    const answer = await ask(api(), method, path, {
      token: token(),
      body: { reason: 'test', ...body },
      headers: { 'idempotency-key': path, 'accept-language': language },
    });
    return [answer.status, (answer.body as { detail: string }).detail];
  };
  const grants = `/api/admin/members/${memberId}/grants`;
  const wallet = `/api/admin/wallets/${walletId}`;
  const correction = { event_id: settlementId, amount: '7', approver: adminId() };
  for (const [method, path, body, zh, en] of [
    [
      ...(['POST', grants, { asset: 'requests', amount: '0.5' }] as const),
      ...(['计量单位只能按整数发放。', 'Units are granted whole.'] as const),
    ],
    [
      ...(['PUT', `${wallet}/limits`, { window: 'now', measure: 'money', most: '1' }] as const),
      ...(['没有“同一时刻金额”这种限额。', 'There is no limit of money at once.'] as const),
    ],
    [
      ...(['POST', `${wallet}/corrections`, correction] as const),
      '退还的金额不能超过已收取的 0.00025 CNY。',
      'No more can be given back than was charged: 0.00025 CNY.',
    ],
  ] as const) {
    t.deepEqual(await refused(method, path, body, 'zh-CN'), [400, zh]);
    t.deepEqual(await refused(method, path, body, 'en'), [400, en]);
    t.deepEqual(await refused(method, path, body, 'zh'), [400, zh]);
  }
});

test('a limit on a key in capitals limits that key', async (t) => {
  const { walletId, apiKeyId, grant, reserve } = await memberWithWallet(api(), 'capitals');
  await grant('1');
  const none = { window: 'day', measure: 'requests', most: '0' };
  const set = await put(walletId, { ...none, api_key_id: apiKeyId.toUpperCase() });
  t.deepEqual([set.status, set.body], [200, { wallet_id: walletId, changed: true }]);
  await t.throwsAsync(reserve('capitals/a'));
});

test('limits are set, told with what is used, and lifted', async (t) => {
  const { walletId, apiKeyId, grant, reserve } = await memberWithWallet(api(), 'limits');
  await grant('1');
  const day = { window: 'day', measure: 'money', most: '0.5' };
  const set = await put(walletId, { ...day, api_key_id: apiKeyId });
  t.deepEqual([set.status, set.body], [200, { wallet_id: walletId, changed: true }]);
  t.is((await put(walletId, { window: 'now', measure: 'calls', most: '3' })).status, 200);
  await reserve('limits/a');
  const limits = async () =>
    (await ask(api(), 'GET', `/api/admin/wallets/${walletId}/limits`, { token: token() })).body;
  const today = new Date().toISOString().slice(0, 10);
  const midnight = new Date(Date.parse(today) + 86_400_000).toISOString();
  t.like(await limits(), {
    data: [
      { window: 'now', measure: 'calls', most: '3', used: '1', resets_at: null },
      { ...day, api_key_id: apiKeyId, used: '0.0004', resets_at: midnight },
    ],
  });
  await put(walletId, { ...day, api_key_id: apiKeyId, most: null });
  t.like(await limits(), { data: [{ measure: 'calls' }] });
});

test('limits that there are none of, and of keys that there are none of, are refused', async (t) => {
  const { walletId } = await memberWithWallet(api(), 'wrong limits');
  const { id: foreign } = await newKey(api(), (await newMember(api())).token);
  const day = { window: 'day', measure: 'money', most: '1' };
  for (const [status, code, body] of [
    [400, 'invalid_limit', { ...day, window: 'now' }],
    [400, 'invalid_limit', { ...day, measure: 'calls' }],
    [400, 'invalid_amount', { ...day, most: '-1' }],
    [400, 'invalid_amount', { ...day, measure: 'tokens', most: '0.5' }],
    [400, 'invalid_request', { ...day, most: 1 }],
    [400, 'invalid_request', { ...day, window: 'week' }],
    [404, 'api_key_not_found', { ...day, api_key_id: foreign }],
  ] as const) {
    const answer = await put(walletId, body);
    t.is(answer.status, status, JSON.stringify(body));
    t.like(answer.body, { code });
  }
});

test('what is owed is paid from paid credit that became free', async (t) => {
  const { walletId, grant, reserve, run, token: theirs } = await memberWithWallet(api(), 'debt');
  await grant('0.0004', { kind: 'paid' });
  await reserve('debt/a');
  await run((at) => settleOf('debt/a', { input: 100, output: 200 }, { at, overrun: 'owed' }));
  t.like(await look(walletId), { owed: '0.0003' });
  t.like((await post(walletId, 'debt-payments')).body, { changed: false });
  const effectiveAt = new Date(Date.now() + 500).toISOString();
  await grant('0.001', { kind: 'paid', effectiveAt });
  t.like((await ask(api(), 'GET', '/api/wallet', { token: theirs })).body, { owed: '0.0003' });
  await eventually(async () => {
    const { body } = await post(walletId, 'debt-payments');
    return JSON.stringify(body).includes('true');
  });
  t.like(await look(walletId), { owed: '0', balances: [{ posted: '0.0007' }] });
});

test('a wallet that isn’t there is not found, whatever is asked of it', async (t) => {
  const id = randomUUID();
  const answers = await Promise.all([
    post(id, 'freeze'),
    post(id, 'unfreeze'),
    post(id, 'revocations', { lot_id: id }),
    post(id, 'debt-payments'),
    post(id, 'corrections', { event_id: id, amount: '1', approver: adminId() }),
    put(id, { window: 'day', measure: 'money', most: '1' }),
    ask(api(), 'GET', `/api/admin/wallets/${id}`, { token: token() }),
    ask(api(), 'GET', `/api/admin/wallets/${id}/limits`, { token: token() }),
    ask(api(), 'GET', `/api/admin/wallets/${id}/statement`, { token: token() }),
  ]);
  for (const { status, body } of answers) {
    t.is(status, 404);
    t.like(body, { code: 'wallet_not_found' });
  }
});

test('a member may do none of it', async (t) => {
  const { walletId, token: theirs } = await memberWithWallet(api(), 'curious');
  for (const { method, path, who } of api().api.routes) {
    if (who !== 'admin' || !path.startsWith('/api/admin/wallets')) continue;
    const answer = await ask(api(), method, path.replace(':id', walletId), { token: theirs });
    t.is(answer.status, 403, path);
  }
});

import { randomUUID } from 'node:crypto';
import test from 'ava';
import { z } from 'zod';
import { nameId } from '../../src/domain/ids.ts';
import { streamOf } from '../../src/domain/streams.ts';
import type { WalletCommand } from '../../src/domain/wallet/commands.ts';
import { adminToken, ask, newKey, newMember, testApi } from '../support/api.ts';
import { contextOf } from '../support/purse.ts';
import { reserveOf, settleOf } from '../support/wallets.ts';

const api = testApi(test);
let token = '';
test.serial.before(async () => {
  token = await adminToken(api());
});

const order = (
  method: 'POST' | 'PUT',
  path: string,
  body: Record<string, unknown>,
  key: string = randomUUID(),
) =>
  ask(api(), method, path, {
    token,
    body: { reason: 'test', ...body },
    headers: { 'idempotency-key': key },
  });

const Wallet = z.object({ wallet_id: z.string() });

/** A member with credit, and what may be run on the wallet beside the API. */
async function newWallet(more: Record<string, unknown> = {}) {
  const member = await newMember(api());
  const granted = await order('POST', `/api/admin/members/${member.memberId}/grants`, {
    asset: 'CNY',
    amount: '1',
    ...more,
  });
  const { wallet_id: id, lot_id: lotId } = z
    .object({ wallet_id: z.string(), lot_id: z.string() })
    .parse(granted.body);
  const run = (command: (at: string) => WalletCommand) =>
    api().run.wallet.run(streamOf.wallet(id), command, contextOf(randomUUID()));
  const call = async (name: string) => {
    await run((at) => reserveOf(name, { at }));
    const { events } = await run((at) => settleOf(name, { input: 100, output: 50 }, { at }));
    return events[0]?.id ?? '';
  };
  const look = async () => (await ask(api(), 'GET', `/api/admin/wallets/${id}`, { token })).body;
  return { ...member, id, lotId, path: `/api/admin/wallets/${id}`, run, call, look };
}

test('a grant may begin later, be for some models, and block', async (t) => {
  const wallet = await newWallet({
    asset: 'requests',
    amount: '3',
    kind: 'plan',
    past: 'block',
    models: ['demo'],
    effective_at: '2999-01-01T00:00:00Z',
    expires_at: '2999-02-01T00:00:00Z',
  });
  t.like(await wallet.look(), {
    member_id: wallet.memberId,
    frozen: false,
    owed: '0',
    lots: [
      {
        asset: 'requests',
        past: 'block',
        models: ['demo'],
        effective_at: '2999-01-01T00:00:00.000Z',
      },
    ],
  });
});

test('a grant that ends before it begins, or blocks money, is refused', async (t) => {
  const { memberId } = await newMember(api());
  const path = `/api/admin/members/${memberId}/grants`;
  const late = { effective_at: '2999-02-01T00:00:00Z', expires_at: '2999-01-01T00:00:00Z' };
  t.like((await order('POST', path, { asset: 'CNY', amount: '1', ...late })).body, {
    code: 'invalid_expiry',
  });
  t.like((await order('POST', path, { asset: 'CNY', amount: '1', past: 'block' })).body, {
    code: 'invalid_limit',
  });
});

test('revoking takes what is unused, once, and says where it stands', async (t) => {
  const wallet = await newWallet();
  await wallet.run((at) => reserveOf('held', { at }));
  const key = randomUUID();
  const body = { lot_id: wallet.lotId };
  const first = await order('POST', `${wallet.path}/revocations`, body, key);
  t.deepEqual([first.status, first.body], [200, { wallet_id: wallet.id, changed: true }]);
  t.regex(first.headers.get('x-position') ?? '', /^\d+$/);
  t.deepEqual((await order('POST', `${wallet.path}/revocations`, body, key)).body, first.body);
  t.like(await wallet.look(), { balances: [{ posted: '0.0004', held: '0.0004' }] });
  const again = await order('POST', `${wallet.path}/revocations`, body);
  t.like(again.body, { changed: false });
  const none = await order('POST', `${wallet.path}/revocations`, { lot_id: randomUUID() });
  t.deepEqual([none.status, (none.body as { code: string }).code], [404, 'lot_not_found']);
});

test('a settlement is corrected once, whoever asks', async (t) => {
  const wallet = await newWallet();
  const eventId = await wallet.call('corrected');
  const { member_id: approver } = z
    .object({ member_id: z.string() })
    .parse((await ask(api(), 'GET', '/api/profile', { token })).body);
  const path = `${wallet.path}/corrections`;
  const body = { event_id: eventId, amount: '0.0001', approver };
  const first = await order('POST', path, body);
  t.deepEqual([first.status, first.body], [201, { wallet_id: wallet.id, changed: true }]);
  t.deepEqual((await order('POST', path, body)).body, first.body);
  const more = await order('POST', path, { ...body, amount: '0.00005' });
  t.deepEqual([more.status, (more.body as { code: string }).code], [409, 'idempotency_conflict']);
  t.like(await wallet.look(), { balances: [{ posted: '0.99985' }] });
});

test('a correction names a settlement, an amount within it, and an administrator', async (t) => {
  const wallet = await newWallet();
  const eventId = await wallet.call('not corrected');
  const { member_id: approver } = z
    .object({ member_id: z.string() })
    .parse((await ask(api(), 'GET', '/api/profile', { token })).body);
  const path = `${wallet.path}/corrections`;
  const of = async (body: Record<string, unknown>) => {
    const { body: answer } = await order('POST', path, body);
    return (answer as { code: string }).code;
  };
  t.is(await of({ event_id: randomUUID(), amount: '1', approver }), 'settlement_not_found');
  t.is(await of({ event_id: eventId, amount: '1', approver }), 'invalid_amount');
  t.is(
    await of({ event_id: eventId, amount: '0.0001', approver: wallet.memberId }),
    'invalid_request',
  );
});

test('limits are set by wallet and key, and show what is used of them', async (t) => {
  const wallet = await newWallet();
  const key = await newKey(api(), wallet.token);
  const set = (body: Record<string, unknown>) => order('PUT', `${wallet.path}/limits`, body);
  t.is((await set({ window: 'day', measure: 'tokens', most: '1000' })).status, 200);
  t.is((await set({ api_key_id: key.id, window: 'now', measure: 'calls', most: '2' })).status, 200);
  await wallet.call('counted');
  t.like(await wallet.look(), {
    limits: [
      { api_key_id: null, window: 'day', measure: 'tokens', most: '1000', used: '150' },
      { api_key_id: key.id, window: 'now', measure: 'calls', most: '2', used: '0' },
    ],
  });
  const wrong = await set({ window: 'day', measure: 'calls', most: '2' });
  t.like(wrong.body, { code: 'invalid_limit', status: 400 });
  t.is((await set({ window: 'day', measure: 'tokens', most: null })).status, 200);
});

test('a frozen wallet reserves nothing until it is unfrozen', async (t) => {
  const wallet = await newWallet();
  t.like((await order('POST', `${wallet.path}/freeze`, {})).body, { changed: true });
  await t.throwsAsync(
    wallet.run((at) => reserveOf('frozen', { at })),
    { message: /frozen/ },
  );
  t.like(await wallet.look(), { frozen: true });
  t.like((await order('POST', `${wallet.path}/unfreeze`, {})).body, { changed: true });
  await t.notThrowsAsync(wallet.run((at) => reserveOf('thawed', { at })));
  t.like((await order('POST', `${wallet.path}/debt-payments`, {})).body, { changed: false });
});

test('a wallet that isn’t there is not found, and only administrators look', async (t) => {
  const nowhere = `/api/admin/wallets/${nameId('nowhere')}`;
  t.like((await ask(api(), 'GET', nowhere, { token })).body, { code: 'wallet_not_found' });
  t.like((await order('POST', `${nowhere}/freeze`, {})).body, { code: 'wallet_not_found' });
  const member = await newMember(api());
  t.is((await ask(api(), 'GET', nowhere, { token: member.token })).status, 403);
});

test('the member sees what is owed, and whether the wallet is frozen', async (t) => {
  const wallet = await newWallet();
  const { body } = await ask(api(), 'GET', '/api/wallet', { token: wallet.token });
  t.is(Wallet.parse(body).wallet_id, wallet.id);
  t.like(body, { owed: '0', frozen: false });
});

import { randomUUID } from 'node:crypto';
import test from 'ava';
import { decode } from '../../src/domain/events.ts';
import { nameId } from '../../src/domain/ids.ts';
import { ask } from '../support/api.ts';
import { memberWithCalls, memberWithWallet } from '../support/member-calls.ts';
import type { Body } from '../support/wallet-admin.ts';
import { walletAdmin } from '../support/wallet-admin.ts';
import { abandonOf, ending, settleOf } from '../support/wallets.ts';

const { api, adminId, post, look } = walletAdmin(test);

test('a correction gives part of a charge back, once a settlement', async (t) => {
  const { walletId, settlementId, token: theirs } = await memberWithCalls(api(), 'corrected');
  const body = { event_id: settlementId, amount: '0.00010', approver: adminId() };
  const first = await post(walletId, 'corrections', body);
  t.deepEqual([first.status, first.body], [201, { wallet_id: walletId, changed: true }]);
  t.regex(first.headers.get('x-position') ?? '', /^\d+$/);
  const again = await post(walletId, 'corrections', body);
  t.deepEqual([again.status, again.body], [201, first.body]);
  const other = await post(walletId, 'corrections', { ...body, amount: '0.00005' });
  t.is(other.status, 409);
  t.like(other.body, { code: 'idempotency_conflict' });
  t.regex(JSON.stringify(other.body), /corrected before/);
  t.like((await ask(api(), 'GET', '/api/wallet', { token: theirs })).body, {
    balances: [{ posted: '0.99985' }],
  });
  const event = api()
    .eventLog.events.map(decode)
    .find(({ type, stream }) => type === 'UsageCorrected' && stream.includes(walletId));
  t.like(event?.data, { eventId: settlementId, approver: adminId(), model: 'demo' });
});

test('a slip does not use up the only correction', async (t) => {
  const { walletId, settlementId, memberId } = await memberWithCalls(api(), 'slips');
  const body = { event_id: settlementId, amount: '0.00025', approver: adminId() };
  const refused = async (more: Body, status: number, code: string) => {
    const answer = await post(walletId, 'corrections', { ...body, ...more });
    t.is(answer.status, status);
    t.like(answer.body, { code });
  };
  await refused({ amount: '0.00026' }, 400, 'invalid_amount');
  await refused({ amount: '-1' }, 400, 'invalid_amount');
  await refused({ approver: memberId }, 400, 'invalid_request');
  await refused({ event_id: randomUUID() }, 404, 'settlement_not_found');
  t.is((await post(walletId, 'corrections', body, '')).status, 400);
  t.is((await post(walletId, 'corrections', body)).status, 201);
});

test('only what charged this wallet can be corrected', async (t) => {
  const { walletId } = await memberWithCalls(api(), 'mine');
  const { settlementId, walletId: theirs } = await memberWithCalls(api(), 'theirs');
  const events = api().eventLog.events.filter(({ stream }) => stream.includes(theirs));
  const body = { amount: '0.0001', approver: adminId() };
  const ofAnother = { ...body, event_id: settlementId };
  t.is((await post(walletId, 'corrections', ofAnother)).status, 404);
  for (const { id, type } of events) {
    if (type === 'UsageSettled') continue;
    t.is((await post(theirs, 'corrections', { ...body, event_id: id })).status, 404, type);
  }
});

/** Grants until nothing more fits in. */
async function fill({ grant }: Awaited<ReturnType<typeof memberWithWallet>>, name: string) {
  const scope = Array.from({ length: 50 }, (_, n) => `model-${n}`);
  for (const models of [scope, undefined]) {
    for (let n = 0; n < 100; n += 1) {
      const lotId = nameId(`${name}/${models?.length}/${n}`);
      const more = models ? { scope: models } : {};
      const isFull = await grant('1', { lotId, ...more }).then(
        () => false,
        () => true,
      );
      if (isFull) break;
    }
  }
  return nameId(`${name}/50/0`);
}

test.serial('a correction is answered again as before, whatever has come since', async (t) => {
  const member = await memberWithCalls(api(), 'answered again');
  const { walletId, settlementId, run } = member;
  const body = { event_id: settlementId, amount: '0.0001', approver: adminId() };
  const key = randomUUID();
  const first = await post(walletId, 'corrections', body, key);
  t.is(first.status, 201);
  const lotId = nameId(`correction/${settlementId}/0`);
  await run((at) => ({ type: 'RevokeCredit', lotId, reason: 'test', at }));
  await fill(member, 'full for ever');
  for (const asked of [key, randomUUID()]) {
    const again = await post(walletId, 'corrections', body, asked);
    t.deepEqual([again.status, again.body], [201, first.body]);
  }
});

test.serial('a correction that just failed to fit in may be made later', async (t) => {
  const member = await memberWithCalls(api(), 'fits in later');
  const { walletId, settlementId, run } = member;
  const body = { event_id: settlementId, amount: '0.0001', approver: adminId() };
  const key = randomUUID();
  let lotId = '';
  api().eventLog.next.before = async () => {
    lotId = await fill(member, 'full for now');
  };
  const refused = await post(walletId, 'corrections', body, key);
  t.like(refused.body, { code: 'wallet_full' });
  await run((at) => ({ type: 'RevokeCredit', lotId, reason: 'test', at }));
  t.deepEqual((await post(walletId, 'corrections', body, key)).body, refused.body);
  t.is((await post(walletId, 'corrections', body)).status, 201);
  const other = await post(walletId, 'corrections', { ...body, amount: '0.00005' });
  t.regex(JSON.stringify(other.body), /corrected before/);
});

test('one key corrects one settlement', async (t) => {
  const { walletId, settlementId, reserve, run } = await memberWithCalls(api(), 'one key');
  await reserve('one key/b');
  const { events } = await run((at) => settleOf('one key/b', { input: 100, output: 50 }, { at }));
  const key = randomUUID();
  const body = { event_id: settlementId, amount: '0.0001', approver: adminId() };
  t.is((await post(walletId, 'corrections', body, key)).status, 201);
  const other = { ...body, event_id: events[0]?.id };
  const conflict = await post(walletId, 'corrections', other, key);
  t.is(conflict.status, 409);
  t.like(conflict.body, { code: 'idempotency_conflict' });
  t.regex(JSON.stringify(conflict.body), /used with another request/);
  t.is((await post(walletId, 'corrections', other)).status, 201);
});

const usage = (output: number) => ({ input: 100, cachedInput: 0, output, reasoning: 0 });

test('what a late settlement gave back can’t be given back again', async (t) => {
  const { walletId, grant, reserve, run } = await memberWithWallet(api(), 'late');
  await grant('1');
  await reserve('late/a');
  const evidence = { basis: 'checkpoint', usage: usage(60), characters: null } as const;
  const swept = await run((at) => abandonOf('late/a', { at, evidence }));
  await run((at) => ({
    ...{ type: 'PostLateSettlement', callId: nameId('late/a'), usage: usage(10), ending, at },
    ...{ characters: null, costs: [], overrun: 'absorbed' },
  }));
  const body = { event_id: swept.events[0]?.id, approver: adminId() };
  const whole = await post(walletId, 'corrections', { ...body, amount: '0.00028' });
  t.like(whole.body, { code: 'invalid_amount' });
  t.is((await post(walletId, 'corrections', { ...body, amount: '0.00013' })).status, 201);
});

test.serial('what a late settlement gives back meanwhile can’t be given back again', async (t) => {
  const { walletId, grant, reserve, run } = await memberWithWallet(api(), 'meanwhile');
  await grant('1');
  await reserve('meanwhile/a');
  const evidence = { basis: 'checkpoint', usage: usage(60), characters: null } as const;
  const swept = await run((at) => abandonOf('meanwhile/a', { at, evidence }));
  api().eventLog.next.before = () =>
    run((at) => ({
      ...{
        type: 'PostLateSettlement',
        callId: nameId('meanwhile/a'),
        usage: usage(10),
        ending,
        at,
      },
      ...{ characters: null, costs: [], overrun: 'absorbed' },
    }));
  const body = { event_id: swept.events[0]?.id, amount: '0.00028', approver: adminId() };
  t.like((await post(walletId, 'corrections', body)).body, { code: 'invalid_amount' });
  t.like(await look(walletId), { balances: [{ posted: '0.99987' }] });
});

test('a correction takes over the terms of lots that are long gone', async (t) => {
  const { walletId, grant, reserve, run } = await memberWithWallet(api(), 'gone');
  const scope = ['demo', 'other'];
  await grant('0.0004', { kind: 'compensation', priority: 7, scope });
  await reserve('gone/a');
  const settled = await run((at) => settleOf('gone/a', { input: 100, output: 100 }, { at }));
  t.like(await look(walletId), { lots: [] });
  const body = { event_id: settled.events[0]?.id, amount: '0.0002', approver: adminId() };
  t.is((await post(walletId, 'corrections', body)).status, 201);
  t.like(await look(walletId), {
    lots: [{ kind: 'compensation', priority: 7, models: scope, free: '0.0002' }],
  });
});

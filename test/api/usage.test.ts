import test from 'ava';
import { z } from 'zod';
import { decode } from '../../src/domain/events.ts';
import { adminToken, ask, newMember, testApi } from '../support/api.ts';
import { eventually } from '../support/eventually.ts';
import { memberWithCalls, memberWithWallet } from '../support/member-calls.ts';

const api = testApi(test);
const today = () => new Date().toISOString().slice(0, 10);

const Calls = z.object({
  data: z.array(z.looseObject({ id: z.string(), status: z.string() })),
  next_cursor: z.string().nullable(),
  as_of_position: z.string(),
});

async function callsOf(token: string, path = '/api/calls') {
  let calls: z.infer<typeof Calls> | undefined;
  await eventually(async () => {
    calls = Calls.parse((await ask(api(), 'GET', path, { token })).body);
    return calls.data.length >= 2 && calls.data.every(({ status }) => status !== 'open');
  });
  return calls?.data ?? [];
}

test('a member sees what each call cost, and never who answered it', async (t) => {
  const { token, settled, released } = await memberWithCalls(api(), 'one');
  const calls = await callsOf(token);
  const row = calls.find(({ id }) => id === settled);
  t.like(row, {
    ...{ request_id: 'req_one/settled', model: 'demo', status: 'settled', basis: 'usage' },
    usage: { input: 100, cached_input: 0, output: 50, reasoning: 0 },
    price: { version: 1, currency: 'CNY', input: '1', cached_input: '0.5', output: '3' },
    ...{ charge: '0.00025', asset: 'CNY', latency_ms: 12 },
  });
  t.like(
    calls.find(({ id }) => id === released),
    { status: 'released', charge: '0', usage: null },
  );
  t.false(JSON.stringify(calls).includes('upstream'));
  t.false(JSON.stringify(calls).includes('sandbox'));
});

test('another member’s calls are not shown', async (t) => {
  await memberWithCalls(api(), 'two');
  const { token } = await newMember(api());
  t.like((await ask(api(), 'GET', '/api/calls', { token })).body, { data: [], next_cursor: null });
});

test('an administrator sees whose call it was and who answered', async (t) => {
  const { settled, memberId, token: theirs } = await memberWithCalls(api(), 'three');
  await callsOf(theirs);
  const token = await adminToken(api());
  const calls = await callsOf(token, '/api/admin/calls?limit=100');
  t.like(
    calls.find(({ id }) => id === settled),
    { member_id: memberId, upstream: 'sandbox', upstream_model: 'demo' },
  );
});

test('usage is told to a session and to a key, in total, by day and by model', async (t) => {
  const { token, key, email } = await memberWithCalls(api(), 'four');
  await callsOf(token);
  const used = { asset: 'CNY', calls: 1, input: 100, output: 50, charge: '0.00025' };
  for (const bearer of [token, key]) {
    const { status, body } = await ask(api(), 'GET', '/api/usage', { token: bearer });
    t.is(status, 200);
    t.like(body, {
      ...{ email, username: 'Ann', user_plan: null, expire_at: null, to: today() },
      totals: [used],
      by_day: [{ ...used, day: today() }],
      by_model: [{ ...used, model: 'demo' }],
    });
  }
});

test('usage is of the days asked for; without any it is the last thirty', async (t) => {
  const { token, key } = await memberWithCalls(api(), 'five');
  await callsOf(token);
  const of = (query: string) => ask(api(), 'GET', `/api/usage${query}`, { token: key });
  const asked = await of('?from=2020-01-01&to=2020-01-31');
  t.like(asked.body, { from: '2020-01-01', to: '2020-01-31', totals: [], by_day: [] });
  t.like((await of('?to=2024-03-01')).body, { from: '2024-02-01', to: '2024-03-01' });
  for (const query of [
    '?from=2020-02-01&to=2020-01-01',
    '?from=2010-01-01&to=2020-01-01',
    '?from=yesterday',
    '?from=2020-02-30',
  ]) {
    const { status, body } = await of(query);
    t.is(status, 400);
    t.like(body, { errors: [{ field: 'from' }] });
  }
});

test('the wallet and the calls agree', async (t) => {
  const { token } = await memberWithCalls(api(), 'six');
  t.like((await ask(api(), 'GET', '/api/wallet', { token })).body, {
    balances: [{ asset: 'CNY', posted: '0.99975', held: '0', available: '0.99975' }],
  });
  const settled = api()
    .eventLog.events.map(decode)
    .filter(({ type }) => type === 'UsageSettled');
  t.true(settled.length > 0);
});

test('usage tells what is left of an allowance', async (t) => {
  const { key, grant } = await memberWithWallet(api(), 'seven');
  await grant('1000', { asset: 'tokens', kind: 'plan', expiresAt: '2998-01-01T00:00:00.000Z' });
  let body: unknown;
  await eventually(async () => {
    ({ body } = await ask(api(), 'GET', '/api/usage', { token: key }));
    return JSON.stringify(body).includes('tokens');
  });
  t.like(body, {
    quotas: [
      {
        ...{ asset: 'tokens', granted: '1000', used: '0', held: '0' },
        resets_at: '2998-01-01T00:00:00.000Z',
      },
    ],
  });
});

const Explained = z.looseObject({
  id: z.string(),
  charge: z.string(),
  lines: z.array(z.looseObject({ class: z.string(), amount: z.string() })).nullable(),
});

test('a call is found by its id, with the lines of its charge, by its member and by an administrator', async (t) => {
  const { token, settled, released } = await memberWithCalls(api(), 'eight');
  await callsOf(token);
  const expected = [
    { class: 'input', priced_as: 'input', count: 100, price: '1', amount: '0.0001' },
    { class: 'output', priced_as: 'output', count: 50, price: '3', amount: '0.00015' },
  ];
  const mine = await ask(api(), 'GET', `/api/calls/${settled}`, { token });
  t.is(mine.status, 200);
  t.deepEqual(Explained.parse(mine.body).lines, expected);
  t.false(JSON.stringify(mine.body).includes('sandbox'));
  const free = await ask(api(), 'GET', `/api/calls/${released.toUpperCase()}`, { token });
  t.is(Explained.parse(free.body).lines, null);

  const admin = await adminToken(api());
  const theirs = await ask(api(), 'GET', `/api/admin/calls/${settled}`, { token: admin });
  t.deepEqual(Explained.parse(theirs.body).lines, expected);
  t.like(theirs.body, { upstream: 'sandbox' });

  const { token: stranger } = await newMember(api());
  for (const id of [settled, `req_${'0'.repeat(32)}`]) {
    const hidden = await ask(api(), 'GET', `/api/calls/${id}`, { token: stranger });
    t.is(hidden.status, 404);
    t.like(hidden.body, { code: 'call_not_found' });
  }
  const none = await ask(api(), 'GET', `/api/admin/calls/req_${'0'.repeat(32)}`, { token: admin });
  t.is(none.status, 404);
  t.is((await ask(api(), 'GET', '/api/calls/nonsense', { token })).status, 400);
});

test('an administrator narrows the list of calls', async (t) => {
  const { token: theirs, settled, memberId, apiKeyId } = await memberWithCalls(api(), 'nine');
  await callsOf(theirs);
  const token = await adminToken(api());
  const idsOf = async (query: string) => {
    const { status, body } = await ask(api(), 'GET', `/api/admin/calls?${query}`, { token });
    t.is(status, 200, query);
    return Calls.parse(body).data.map(({ id }) => id);
  };
  const mine = `member_id=${memberId}`;
  t.is((await idsOf(mine)).length, 2);
  t.deepEqual(await idsOf(`${mine}&status=settled`), [settled]);
  t.deepEqual(await idsOf(`${mine}&request_id=${settled}`), [settled]);
  t.is((await idsOf(`api_key_id=${apiKeyId}&model=demo&upstream=sandbox`)).length, 2);
  t.deepEqual(await idsOf(`${mine}&upstream=nobody`), []);
  t.deepEqual(await idsOf(`${mine}&model=other`), []);
  t.is((await idsOf(`${mine}&alias=demo`)).length, 2);
  t.deepEqual(await idsOf(`${mine}&alias=other`), []);
  t.deepEqual(await idsOf(`${mine}&alias=other&model=demo`), []);
  t.deepEqual(await idsOf('client_request_id=client/nine/settled'), [settled]);
  t.deepEqual(await idsOf('client_request_id=client/nobody'), []);
  const soon = new Date(Date.now() + 60_000).toISOString();
  t.is((await idsOf(`${mine}&to=${soon}`)).length, 2);
  t.deepEqual(await idsOf(`${mine}&from=${soon}`), []);
  for (const wrong of [
    'status=new',
    'member_id=1',
    'from=yesterday',
    'request_id=req_1',
    'client_request_id=a+b',
  ]) {
    const { status } = await ask(api(), 'GET', `/api/admin/calls?${wrong}`, { token });
    t.is(status, 400, wrong);
  }
});

import { randomUUID } from 'node:crypto';
import test from 'ava';
import { z } from 'zod';
import { decode } from '../../src/domain/events.ts';
import { adminToken, ask, newAddress, newKey, newMember, signUp, testApi } from '../support/api.ts';
import { eventually } from '../support/eventually.ts';

const api = testApi(test);
let token = '';
test.serial.before(async () => {
  token = await adminToken(api());
});

const grant = (
  memberId: string,
  body: Record<string, unknown>,
  key: string | undefined = randomUUID(),
) =>
  ask(api(), 'POST', `/api/admin/members/${memberId}/grants`, {
    token,
    body: { asset: 'CNY', amount: '5', reason: 'test', ...body },
    headers: key ? { 'idempotency-key': key } : {},
  });

const balances = async (of: string) => {
  const { body } = await ask(api(), 'GET', '/api/wallet', { token: of });
  return body as { wallet_id: string; balances: Record<string, string>[]; as_of_position: string };
};

test('the first administrator has a starter credit', async (t) => {
  const { body } = await ask(api(), 'GET', '/api/wallet', { token });
  t.like(body, {
    currency: 'CNY',
    balances: [{ asset: 'CNY', posted: '10', held: '0', available: '10' }],
  });
});

test('a new member’s wallet lists its currency', async (t) => {
  const member = await newMember(api());
  const wallet = await balances(member.token);
  t.deepEqual(wallet.balances, [{ asset: 'CNY', posted: '0', held: '0', available: '0' }]);
  t.regex(wallet.as_of_position, /^\d+$/);
});

test('a grant is in the wallet with the answer, exactly', async (t) => {
  const member = await newMember(api());
  const amount = '12345678901234567890123456.000000000001';
  const answer = await grant(member.memberId, { amount });
  t.is(answer.status, 201);
  const wallet = await balances(member.token);
  t.like(answer.body, { wallet_id: wallet.wallet_id });
  t.deepEqual(wallet.balances, [{ asset: 'CNY', posted: amount, held: '0', available: amount }]);
  t.true(BigInt(wallet.as_of_position) >= BigInt(answer.headers.get('x-position') ?? '0'));
});

test('a grant says who gave it, for what and for how long', async (t) => {
  const member = await newMember(api());
  const terms = { kind: 'compensation', expires_at: '2999-01-01T08:00:00+08:00', priority: 3 };
  const answer = await grant(member.memberId, { ...terms, reason: 'sorry' });
  const { lot_id } = answer.body as { lot_id: string };
  const event = api()
    .eventLog.events.map(decode)
    .find((each) => each.type === 'CreditGranted' && each.data.lotId === lot_id);
  t.like(event, {
    data: { kind: 'compensation', priority: 3, expiresAt: '2999-01-01T00:00:00.000Z' },
    meta: {
      actor: { type: 'admin' },
      reason: 'sorry',
      $correlationId: answer.headers.get('x-request-id'),
    },
  });
});

test('the same key and body get the same answer, and one grant', async (t) => {
  const member = await newMember(api());
  const key = randomUUID();
  const first = await grant(member.memberId, { amount: '5' }, key);
  const again = await grant(member.memberId, { amount: '5.00' }, key);
  t.deepEqual([again.status, again.body], [first.status, first.body]);
  t.like(await balances(member.token), { balances: [{ posted: '5' }] });
  const other = await grant(member.memberId, { amount: '6' }, key);
  t.is(other.status, 409);
  t.like(other.body, { code: 'idempotency_conflict' });
  const elsewhere = await newMember(api());
  t.is((await grant(elsewhere.memberId, { amount: '5' }, key)).status, 409);
});

test('a refused grant is refused again in the same words', async (t) => {
  const member = await newMember(api());
  const key = randomUUID();
  const body = { expires_at: '2020-01-01T00:00:00Z' };
  const first = await grant(member.memberId, body, key);
  t.is(first.status, 400);
  t.like(first.body, { code: 'invalid_expiry', status: 400 });
  const again = await grant(member.memberId, body, key);
  t.deepEqual(again.body, first.body);
  t.regex(again.headers.get('content-type') ?? '', /problem\+json/);
});

test('a grant without an Idempotency-Key is refused', async (t) => {
  const member = await newMember(api());
  const answer = await grant(member.memberId, {}, '');
  t.is(answer.status, 400);
  t.like(answer.body, { code: 'idempotency_key_required' });
});

test('what is paid comes from payments, and a plan’s money too', async (t) => {
  const { memberId, token: theirs } = await newMember(api());
  for (const body of [{ kind: 'paid' }, { kind: 'plan' }, { kind: 'paid', asset: 'tokens' }]) {
    const answer = await grant(memberId, body);
    t.is(answer.status, 400);
    t.like(answer.body, { code: 'kind_not_grantable' });
  }
  t.is((await grant(memberId, { kind: 'plan', asset: 'tokens', amount: '1000' })).status, 201);
  t.like(await balances(theirs), {
    balances: [{ asset: 'CNY' }, { asset: 'tokens', available: '1000' }],
  });
});

test('bad grants are refused by field and change nothing', async (t) => {
  const { memberId, token: theirs } = await newMember(api());
  const before = api().eventLog.events.length;
  const refused = async (body: Record<string, unknown>, code: string, field?: string) => {
    const answer = await grant(memberId, body);
    t.is(answer.status, 400);
    t.like(answer.body, { code, ...(field ? { errors: [{ field }] } : {}) });
  };
  await refused({ amount: 5 }, 'invalid_request', 'amount');
  await refused({ amount: '1e3' }, 'invalid_request', 'amount');
  await refused({ amount: '0.0000000000001' }, 'invalid_request', 'amount');
  await refused({ amount: '-5' }, 'invalid_amount');
  await refused({ amount: '0' }, 'invalid_amount');
  await refused({ asset: 'gold' }, 'invalid_request', 'asset');
  await refused({ asset: 'USD' }, 'currency_mismatch');
  await refused({ reason: ' ' }, 'invalid_request', 'reason');
  await refused({ lot_id: randomUUID() }, 'invalid_request', 'lot_id');
  t.like(await balances(theirs), { balances: [{ posted: '0' }] });
  const written = api().eventLog.events.slice(before);
  t.false(
    written.some((event) => event.type === 'CreditGranted' && event.stream.includes(memberId)),
  );
});

test('there is no grant for a member who isn’t there', async (t) => {
  const answer = await grant(randomUUID(), {});
  t.is(answer.status, 404);
  t.like(answer.body, { code: 'member_not_found' });
});

const Members = z.object({ data: z.array(z.looseObject({ id: z.string(), status: z.string() })) });

/** A member's row once the read model has it in a status. */
async function memberRow(memberId: string, status: string) {
  let found: z.infer<typeof Members>['data'][number] | undefined;
  await eventually(async () => {
    const { body } = await ask(api(), 'GET', '/api/admin/members?limit=100', { token });
    found = Members.parse(body).data.find((row) => row.id === memberId && row.status === status);
    return found !== undefined;
  });
  return found;
}

test('an administrator sees members by their addresses', async (t) => {
  const { email, memberId } = await newMember(api());
  t.like(await memberRow(memberId, 'active'), { email, username: 'Ann', roles: [] });
});

test.serial('what a newer sign-up replaced has lost its data', async (t) => {
  const email = newAddress();
  await signUp(api(), email);
  const first = api()
    .eventLog.events.map(decode)
    .findLast(({ type }) => type === 'EmailClaimed');
  await signUp(api(), email);
  const replaced = first?.type === 'EmailClaimed' ? first.data.memberId : '';
  t.like(await memberRow(replaced, 'superseded'), { email: null, username: null });
});

test('a price list is published in versions; the same again changes nothing', async (t) => {
  const path = `/api/admin/models/${encodeURIComponent('meta/llama-3')}`;
  const price = { input: '18', cached_input: '9.50', output: '72.000001' };
  const first = await ask(api(), 'PUT', path, { token, body: { price } });
  t.is(first.status, 200);
  t.like(first.body, {
    alias: 'meta/llama-3',
    version: 1,
    currency: 'CNY',
    price: { input: '18', cached_input: '9.5', output: '72.000001' },
    default_max_output: 4096,
  });
  t.like((await ask(api(), 'PUT', path, { token, body: { price } })).body, { version: 1 });
  const body = { price, default_max_output: 100 };
  t.like((await ask(api(), 'PUT', path, { token, body })).body, { version: 2 });
});

test('what a cache had costs what input costs, unless the price list says otherwise', async (t) => {
  const put = (price: object) =>
    ask(api(), 'PUT', '/api/admin/models/uncached', { token, body: { price } });
  const unsaid = await put({ input: '18', output: '72' });
  t.is(unsaid.status, 200);
  t.like(unsaid.body, { version: 1, price: { input: '18', cached_input: '18', output: '72' } });
  t.like((await put({ input: '18', cached_input: '18', output: '72' })).body, { version: 1 });
  t.like((await put({ input: '18', cached_input: '0', output: '72' })).body, {
    ...{ version: 2, price: { cached_input: '0' } },
  });
});

test('a price list may name the dearer classes, what a call costs, and when it begins', async (t) => {
  const own = { cache_write: '22.5', reasoning: '100', request: '0.01' };
  const price = { input: '18', cached_input: '9', output: '72', ...own };
  const effective_at = new Date(Date.now() + 3_600_000).toISOString();
  const body = { price, effective_at };
  const answer = await ask(api(), 'PUT', '/api/admin/models/scheduled', { token, body });
  t.is(answer.status, 200);
  t.like(answer.body, { version: 1, price, effective_at });
  // It isn't sold before it begins.
  const { key } = await newKey(api(), (await newMember(api())).token);
  const { body: models } = await ask(api(), 'GET', '/v1/models', { token: key });
  t.false(JSON.stringify(models).includes('scheduled'));
  const past = { price, effective_at: new Date(Date.now() - 60_000).toISOString() };
  const refused = await ask(api(), 'PUT', '/api/admin/models/scheduled', { token, body: past });
  t.is(refused.status, 400);
  t.like(refused.body, {
    code: 'invalid_request',
    detail: '`effective_at` is a moment that is over.',
  });
});

test('how much a model reads at most is said of its alias, and stays until it is taken away', async (t) => {
  const price = { input: '1', cached_input: '1', output: '1' };
  const put = async (more: object) => {
    const body = { price, ...more };
    return (await ask(api(), 'PUT', '/api/admin/models/reader', { token, body })).body;
  };
  t.like(await put({}), { max_input_tokens: null });
  t.like(await put({ max_input_tokens: 200_000 }), { max_input_tokens: 200_000 });
  t.like(await put({ description: 'reads' }), { max_input_tokens: 200_000, description: 'reads' });
  t.like(await put({ max_input_tokens: null }), { max_input_tokens: null, description: 'reads' });
});

test('bad prices and aliases are refused by field', async (t) => {
  const price = { input: '1', cached_input: '1', output: '1' };
  for (const [field, alias, body] of [
    ['price.input', 'm', { price: { ...price, input: '-1' } }],
    ['price.input', 'm', { price: { ...price, input: 1 } }],
    ['price.output', 'm', { price: { ...price, output: '0.0000001' } }],
    ['price.request', 'm', { price: { ...price, request: '-0.1' } }],
    ['effective_at', 'm', { price, effective_at: 'soon' }],
    ['price.extra', 'm', { price: { ...price, extra: '1' } }],
    ['default_max_output', 'm', { price, default_max_output: 0 }],
    ['max_input_tokens', 'm', { price, max_input_tokens: 0 }],
    ['max_input_tokens', 'm', { price, max_input_tokens: 1.5 }],
    ['max_input_tokens', 'm', { price, max_input_tokens: 100_000_001 }],
    ['max_input_tokens', 'm', { price, max_input_tokens: '9' }],
    ['alias', '<script>', { price }],
  ] as const) {
    const path = `/api/admin/models/${encodeURIComponent(alias)}`;
    const answer = await ask(api(), 'PUT', path, { token, body });
    t.is(answer.status, 400);
    t.like(answer.body, { errors: [{ field }] });
  }
});

test('a route names upstreams that there are', async (t) => {
  const candidates = [{ upstream: 'openai_like', model: 'gpt-4o', weight: 2 }];
  const good = await ask(api(), 'PUT', '/api/admin/routes/m', { token, body: { candidates } });
  t.is(good.status, 200);
  t.like(good.body, { alias: 'm', candidates, strategy: 'weighted' });
  const unknown = [...candidates, { upstream: 'nowhere', model: 'x', weight: 1 }];
  const bad = await ask(api(), 'PUT', '/api/admin/routes/m', {
    token,
    body: { candidates: unknown },
  });
  t.is(bad.status, 400);
  t.like(bad.body, { code: 'unknown_upstream' });
  for (const wrong of [[], [{ upstream: 'sandbox', model: 'x', weight: 0 }]]) {
    const body = { candidates: wrong };
    t.is((await ask(api(), 'PUT', '/api/admin/routes/m', { token, body })).status, 400);
  }
});

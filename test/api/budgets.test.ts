import test from 'ava';
import { decode } from '../../src/domain/events.ts';
import { streamOf } from '../../src/domain/streams.ts';
import { adminToken, ask, newMember, testApi } from '../support/api.ts';
import { eventually } from '../support/eventually.ts';

const api = testApi(test);
let token = '';
test.before(async () => {
  token = await adminToken(api());
});

const budgets = (method: string, id = '', body?: unknown, as = token) =>
  ask(api(), method, `/api/admin/budgets${id && `/${id}`}`, {
    token: as,
    ...(body === undefined ? {} : { body }),
  });
const alias = { scope: { kind: 'alias', value: 'demo' }, daily: '10' };

const eventsOf = (id: string) =>
  api()
    .eventLog.events.filter(({ stream }) => stream === streamOf.budget(id))
    .map(decode);

test('a budget is set, listed with what is left of it, and ended', async (t) => {
  const { status, body } = await budgets('PUT', 'whole', { ...alias, monthly: '100.50' });
  t.is(status, 200);
  const today = new Date().toISOString().slice(0, 10);
  const unused = { spent: '0', in_flight: '0' };
  const whole = {
    ...{ id: 'whole', scope: alias.scope, currency: 'CNY', when_spent: 'leave_out' },
    daily: { window: today, limit: '10', ...unused, left: '10' },
    monthly: { window: today.slice(0, 7), limit: '100.5', ...unused, left: '100.5' },
  };
  t.deepEqual(body, whole);
  const { body: listed } = await budgets('GET');
  t.true(JSON.stringify(listed).includes(JSON.stringify(whole)));
  t.like(listed, { next_cursor: null, as_of_position: null });
  t.deepEqual((await budgets('GET', 'whole')).body, whole);
  t.is((await budgets('DELETE', 'whole')).status, 204);
  t.false(JSON.stringify((await budgets('GET')).body).includes('"whole"'));
  t.is((await budgets('DELETE', 'whole')).status, 404);
  t.deepEqual(
    eventsOf('whole').map(({ type, meta }) => `${type} ${meta.actor.type}`),
    ['BudgetSet admin', 'BudgetEnded admin'],
  );
});

for (const method of ['GET', 'DELETE']) {
  test(`a budget that is not there is not found (${method})`, async (t) => {
    const missing = await budgets(method, 'nothing');
    t.like(missing, { status: 404, body: { code: 'budget_not_found' } });
  });
}

for (const [what, body] of [
  ['no limit', { scope: alias.scope }],
  ['a negative limit', { ...alias, daily: '-1' }],
  ['a number', { ...alias, daily: 1 }],
  ['no such scope', { ...alias, scope: { kind: 'member', value: 'x' } }],
  ['no such way', { ...alias, when_spent: 'later' }],
] as const) {
  test(`a budget with ${what} is refused`, async (t) => {
    const { status } = await budgets('PUT', 'refused', body);
    t.is(status, 400);
    t.deepEqual(eventsOf('refused'), []);
  });
}

test('budgets are an administrator’s', async (t) => {
  const member = await newMember(api());
  for (const [method, id, body] of [
    ['GET', ''],
    ['GET', 'mine'],
    ['PUT', 'mine', alias],
    ['DELETE', 'mine'],
  ] as const) {
    t.is((await budgets(method, id, body, member.token)).status, 403);
  }
});

test('a candidate that a budget has no room for takes no part, and the test of a route says why', async (t) => {
  await ask(api(), 'PUT', '/api/admin/models/tight', {
    token,
    body: { price: { input: '1', cached_input: '1', output: '1' }, default_max_output: 1_000 },
  });
  const cost = { input: '1', output: '1' };
  await ask(api(), 'PUT', '/api/admin/routes/tight', {
    token,
    body: { candidates: [{ upstream: 'sandbox', model: 'm', cost }] },
  });
  const tried = async () =>
    (await ask(api(), 'POST', '/api/admin/routes/test', { token, body: { alias: 'tight' } })).body;
  await eventually(async () => JSON.stringify(await tried()).includes('"m"'));
  t.false(JSON.stringify(await tried()).includes('budget'));
  // The call may cost 0.002: 1,000 tokens of input, and as many of the answer.
  const body = { scope: { kind: 'alias', value: 'tight' }, daily: '0.0019' };
  await budgets('PUT', 'tight', body);
  t.like(await tried(), {
    candidates: [
      { score: 0, reason: 'takes no part: a budget has less left than the call may cost' },
    ],
  });
  await budgets('PUT', 'tight', { ...body, daily: '0.002' });
  t.false(JSON.stringify(await tried()).includes('budget'));
});

test('the metrics show what is left of budgets', async (t) => {
  await budgets('PUT', 'measured', { ...alias, currency: 'USD', daily: '12.5' });
  const { text } = await ask(api(), 'GET', '/metrics');
  const labels = '{budget="measured",window="day",currency="USD"}';
  t.true(text.includes(`budget_limit${labels} 12.5`));
  t.true(text.includes(`budget_spent${labels} 0`));
  t.true(text.includes(`budget_in_flight${labels} 0`));
});

import { randomUUID } from 'node:crypto';
import test from 'ava';
import { z } from 'zod';
import { decode } from '../../src/domain/events.ts';
import { adminToken, ask, newKey, newMember, testApi } from '../support/api.ts';
import { eventually } from '../support/eventually.ts';

const api = testApi(test);
let token = '';
test.before(async () => {
  token = await adminToken(api());
  await ask(api(), 'PUT', '/api/admin/models/sold', {
    token,
    body: { price: { input: '1', cached_input: '1', output: '1' }, default_max_output: 1_000 },
  });
});

const put = (alias: string, body: unknown) =>
  ask(api(), 'PUT', `/api/admin/routes/${alias}`, { token, body });
const sandbox = (model: string, more: object = {}) => ({ upstream: 'sandbox', model, ...more });

const Tested = z.object({
  strategy: z.string(),
  candidates: z.array(
    z.object({ upstream: z.string(), model: z.string(), score: z.number(), reason: z.string() }),
  ),
});
const tried = async (body: unknown, headers: Record<string, string> = {}) =>
  Tested.parse((await ask(api(), 'POST', '/api/admin/routes/test', { token, body, headers })).body);

/** Waits until the process routes by what was just put. */
async function routed(terms: { readonly candidates: readonly { readonly model: string }[] }) {
  const { status } = await put('sold', terms);
  if (status !== 200) throw new Error(`The route was answered ${status}.`);
  const models = terms.candidates.map(({ model }) => model).sort();
  await eventually(async () => {
    const { candidates } = await tried({ alias: 'sold' });
    return (
      candidates
        .map(({ model }) => model)
        .sort()
        .join() === models.join()
    );
  });
}
const full = {
  strategy: 'auto',
  scoring: { load: 1, cost: 3.5, latency: 0, health: 1 },
  sticky: false,
  hang_up: 'drain',
  candidates: [
    sandbox('a', {
      ...{ weight: 2, priority: 1, cost: { input: '1.50', cached_input: '0.1', output: '6' } },
      conditions: {
        ...{ plans: ['pro'], client_apps: ['shop'], api_keys: ['k'], scenarios: ['code'] },
        input_tokens: { min: 1, max: 9 },
        hours: { from: '22:00', to: '06:00', days: [1, 7], time_zone: 'Asia/Shanghai' },
      },
    }),
    sandbox('b', { weight: 1 }),
  ],
};

test('a route is kept with all that it says, and answered as it was written', async (t) => {
  const { status, body } = await put('full', full);
  t.is(status, 200);
  const [first, ...more] = full.candidates;
  const written = { ...first, cost: { input: '1.5', cached_input: '0.1', output: '6' } };
  t.deepEqual(body, { alias: 'full', ...full, candidates: [written, ...more] });
  const changed = api()
    .eventLog.events.map(decode)
    .find((event) => event.type === 'RouteChanged' && event.data.alias === 'full');
  t.like(changed?.data, {
    ...{ alias: 'full', strategy: 'auto', sticky: false, scoring: full.scoring, hangUp: 'drain' },
    candidates: [
      {
        cost: { input: '1.5', cachedInput: '0.1', output: '6' },
        conditions: { clientApps: ['shop'], hours: { timeZone: 'Asia/Shanghai' } },
      },
      { model: 'b', weight: 1 },
    ],
  });
});

for (const [what, candidates, strategy] of [
  ['weights and nothing else', [sandbox('a', { weight: 2 })], 'weighted'],
  ['no weight', [sandbox('a')], 'auto'],
  ['a weight for some', [sandbox('a', { weight: 2 }), sandbox('b')], 'auto'],
  ['a cost', [sandbox('a', { weight: 2, cost: { input: '1', output: '1' } })], 'auto'],
] as const) {
  test(`a route without a strategy that gives ${what} is ${strategy}`, async (t) => {
    const { body } = await put(`unsaid-${what.replaceAll(' ', '-')}`, { candidates });
    t.like(body, { strategy, sticky: true });
  });
}

test('what is left out of the scoring counts as it usually does', async (t) => {
  const { body } = await put('partly', { scoring: { cost: 5 }, candidates: [sandbox('a')] });
  t.like(body, { scoring: { load: 1, cost: 5, latency: 1, health: 2 } });
});

for (const [field, wrong] of [
  ['strategy', { strategy: 'dearest' }],
  ['candidates[0].weight', { candidates: [sandbox('a', { weight: 0 })] }],
  ['candidates[0].priority', { candidates: [sandbox('a', { priority: -1 })] }],
  [
    'candidates[0].cost.input',
    { candidates: [sandbox('a', { cost: { input: '-1', output: '1' } })] },
  ],
  [
    'candidates[0].cost.output',
    { candidates: [sandbox('a', { cost: { input: '1', output: 1 } })] },
  ],
  [
    'candidates[0].conditions.hours.time_zone',
    {
      candidates: [
        sandbox('a', { conditions: { hours: { from: '01:00', to: '02:00', time_zone: 'Mars' } } }),
      ],
    },
  ],
  [
    'candidates[0].conditions.planets',
    {
      candidates: [sandbox('a', { conditions: { planets: ['x'] } })],
    },
  ],
  ['scoring.luck', { scoring: { luck: 1 } }],
  ['scoring', { scoring: { load: 0, cost: 0, latency: 0, health: 0 } }],
] as const) {
  test(`a route is refused by field: ${field}, ${JSON.stringify(wrong)}`, async (t) => {
    const { status, body } = await put('wrong', { candidates: [sandbox('a')], ...wrong });
    t.is(status, 400);
    t.like(body, { errors: [{ field }] });
  });
}

test.serial('a test says where a call would go, in order, and why', async (t) => {
  const price = (input: string) => ({ input, output: '0' });
  await routed({
    ...{ strategy: 'cheapest' },
    candidates: [
      sandbox('dear', { cost: price('2') }),
      sandbox('cheap', { cost: price('1') }),
      sandbox('unknown'),
      { ...sandbox('coder', { conditions: { scenarios: ['code'] } }) },
      { upstream: 'openai_like', model: 'nowhere' },
    ],
  });
  const { strategy, candidates } = await tried({ alias: 'sold', input_tokens: 500_000 });
  t.is(strategy, 'cheapest');
  t.deepEqual(
    candidates.map(({ model, score }) => [model, score]),
    [
      ['cheap', 1],
      ['dear', 0.5],
      ['unknown', 0],
      ['coder', 0],
      ['nowhere', 0],
    ],
  );
  t.deepEqual(
    candidates.map(({ reason }) => reason),
    [
      'the call costs up to 0.5',
      'the call costs up to 1',
      'its cost is not known',
      'takes no part: not for this scenario',
      'takes no part: its upstream is switched off or not set up',
    ],
  );
  const inChinese = await tried({ alias: 'sold' }, { 'accept-language': 'zh-CN' });
  t.regex(inChinese.candidates[0]?.reason ?? '', /^本次调用成本最多 /);
});

test.serial(
  'a test takes the scenario from the body or from the header that the call would have',
  async (t) => {
    await routed({
      candidates: [
        sandbox('all', { weight: 1 }),
        sandbox('coding', { weight: 1, conditions: { scenarios: ['code'] } }),
      ],
    });
    const first = async (more: object) => (await tried({ alias: 'sold', ...more })).candidates[0];
    t.like(await first({}), { model: 'all', reason: 'weight: 100 % of the calls' });
    t.like(await first({ scenario: 'code' }), {
      ...{ model: 'coding', reason: 'for such calls before others; weight: 50 % of the calls' },
    });
    t.like(await first({ headers: { 'X-Scenario': 'code' } }), { model: 'coding' });
  },
);

for (const [strategy, reason] of [
  ['auto', 'load 0 %, cost 0 % of the dearest, latency 0 % of the slowest, failures 0 %'],
  ['priority', 'priority 3'],
  ['fastest', 'not asked lately'],
  ['least_loaded', '0 calls in flight of an unknown capacity'],
] as const) {
  test.serial(`a test explains what ${strategy} looks at`, async (t) => {
    await routed({ ...{ strategy }, candidates: [sandbox(`only-${strategy}`, { priority: 3 })] });
    const { candidates } = await tried({ alias: 'sold' });
    t.like(candidates, [{ upstream: 'sandbox', reason }]);
  });
}

test('a test of what nobody sells, for nobody, or by nobody is refused', async (t) => {
  const { memberId, token: members } = await newMember(api());
  const post = (body: unknown, who = token) =>
    ask(api(), 'POST', '/api/admin/routes/test', { token: who, body });
  t.is((await post({ alias: 'sold', member_id: memberId })).status, 200);
  const unknown = await post({ alias: 'unsold' });
  t.like(unknown, { status: 404, body: { code: 'model_not_found' } });
  const stranger = await post({ alias: 'sold', member_id: randomUUID() });
  t.like(stranger, { status: 404, body: { code: 'member_not_found' } });
  const { id: key } = await newKey(api(), members);
  t.is((await post({ alias: 'sold', api_key_id: key, member_id: memberId })).status, 200);
  const { memberId: other } = await newMember(api());
  for (const body of [{ api_key_id: randomUUID() }, { api_key_id: key, member_id: other }]) {
    const keyless = await post({ alias: 'sold', ...body });
    t.like(keyless, { status: 404, body: { code: 'api_key_not_found' } });
  }
  t.is((await post({ alias: 'sold', scenario: 'no such; thing' })).status, 400);
  t.is((await post({ alias: 'sold', headers: { 'x-scenario': '?' } })).status, 400);
  t.is((await post({ alias: 'sold' }, members)).status, 403);
});

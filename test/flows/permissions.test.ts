import { randomUUID } from 'node:crypto';
import test from 'ava';
import { z } from 'zod';
import type { JsonRequest } from '../support/json-request.ts';
import { jsonRequest } from '../support/json-request.ts';
import type { MockUpstream } from '../support/mock-upstream.ts';
import { startMockUpstream } from '../support/mock-upstream.ts';
import type { Person } from '../support/people.ts';
import { grant, newPerson, request, sell, settledCalls, signIn } from '../support/people.ts';
import type { Program } from '../support/program.ts';
import { newDataDir, removeDataDir, startProgram } from '../support/program.ts';
import { errorOf, lastChunkOf, limitsIn, modelOf } from '../support/v1-answers.ts';

let program: Program;
let mock: MockUpstream;
let adminToken: string;
let person: Person;

test.before(async () => {
  mock = await startMockUpstream();
  program = await startProgram(await newDataDir(), {
    OPENAI_LIKE_BASE_URL: `${mock.url}/v1`,
    OPENAI_LIKE_API_KEY: 'sk-canary',
  });
  adminToken = (await signIn(program)).token;
  person = await newPerson(program);
  await grant(program, adminToken, person.memberId, '10');
  await sell(program, adminToken, 'small', 'small-model');
  await sell(program, adminToken, 'large', 'large-model');
});

test.after.always(async () => {
  await program?.stop();
  await mock?.close();
  if (program) await removeDataDir(program.dataDir);
});

const put = (path: string, body: unknown) =>
  request(`${program.url}${path}`, { method: 'PUT', token: adminToken, body });
const price = { input: '1', cached_input: '0.5', output: '2' };
const alias = (name: string, terms: object) =>
  put(`/api/admin/models/${name}`, { price, ...terms });
const settings = (changes: object) => put('/api/admin/settings', changes);

const messages = [{ role: 'user', content: 'Hello' }];

function post(body: object, { token = person.key, headers = {} }: JsonRequest = {}) {
  const asked = { method: 'POST', token, headers, body: { messages, ...body } };
  return jsonRequest(`${program.url}/v1/chat/completions`, asked);
}

const postTo = (path: string, body: object) =>
  jsonRequest(`${program.url}/v1/${path}`, { method: 'POST', token: person.key, body });

const LastAsked = z.object({
  ...{ model: z.string(), messages: z.array(z.unknown()) },
  ...{ temperature: z.number().optional(), top_p: z.number().optional() },
  ...{ max_tokens: z.int().optional(), max_completion_tokens: z.int().optional() },
});
const lastAsked = () => LastAsked.parse(mock.asked.at(-1));

async function someone() {
  const other = await newPerson(program);
  await grant(program, adminToken, other.memberId, '1');
  return other;
}

test.serial('without a limit no answer speaks of one', async (t) => {
  const answer = await post({ model: 'small' });
  t.is(answer.status, 200);
  t.deepEqual(limitsIn(answer), []);
});

test.serial('an alias’s limit is told with every answer, and refuses with it', async (t) => {
  await sell(program, adminToken, 'rated', 'rated');
  await alias('rated', { limits: { requests_per_minute: 2, tokens_per_minute: 100_000 } });
  const [first, second, third] = [
    await post({ model: 'rated' }),
    await post({ model: 'rated', stream: true }),
    await post({ model: 'rated' }),
  ];
  await second.text();
  t.deepEqual([first.status, second.status], [200, 200]);
  t.is(first.headers.get('x-ratelimit-limit-requests'), '2');
  t.is(first.headers.get('x-ratelimit-remaining-requests'), '1');
  t.regex(first.headers.get('x-ratelimit-reset-requests') ?? '', /^([1-5]?\ds|1m0s)$/);
  t.is(first.headers.get('x-ratelimit-limit-tokens'), '100000');
  t.true(Number(first.headers.get('x-ratelimit-remaining-tokens')) < 100_000);
  t.is(limitsIn(second).length, 6);
  // A minute may have ended in between, once.
  const refused = third.status === 429 ? third : await post({ model: 'rated' });
  t.is(refused.status, 429);
  t.is(refused.headers.get('x-ratelimit-remaining-requests'), '0');
  t.regex(refused.headers.get('retry-after') ?? '', /^([1-5]?\d|60)$/);
  t.like(await errorOf(refused), { code: 'rate_limit_exceeded', type: 'rate_limit_exceeded' });
  t.is((await post({ model: 'small' })).status, 200);
});

test.serial('what an alias says counts where the member says nothing', async (t) => {
  await sell(program, adminToken, 'tuned', 'tuned');
  await alias('tuned', {
    description: 'For short answers',
    sampling: { temperature: 0.2, top_p: 0.9 },
    system_prompt: 'Never mention the weather.',
    default_max_output: 77,
  });
  const answer = await post({ model: 'tuned', temperature: 1 });
  const text = await answer.text();
  t.notRegex(text, /weather/);
  t.like(lastAsked(), { temperature: 1, top_p: 0.9 });
  t.true([lastAsked().max_tokens, lastAsked().max_completion_tokens].includes(77));
  t.deepEqual(lastAsked().messages, [
    { role: 'system', content: 'Never mention the weather.' },
    ...messages,
  ]);
  const { status } = await postTo('completions', { model: 'tuned', prompt: 'Hello' });
  t.is(status, 200);
  t.like(mock.asked.at(-1), { prompt: 'Hello', temperature: 0.2, top_p: 0.9 });
  t.is(mock.asked.at(-1)?.messages, undefined);
  await alias('tuned', { system_prompt: null, sampling: {} });
  await post({ model: 'tuned' });
  t.deepEqual(lastAsked().messages, messages);
  t.is(lastAsked().top_p, undefined);
});

test.serial('a system prompt is part of what a call may cost', async (t) => {
  await sell(program, adminToken, 'wordy', 'wordy');
  const heldBy = async () => {
    await alias('wordy', { limits: { tokens_per_minute: 1_000_000 } });
    const { headers } = await post(
      { model: 'wordy', max_tokens: 16 },
      { token: (await someone()).key },
    );
    return 1_000_000 - Number(headers.get('x-ratelimit-remaining-tokens'));
  };
  const plain = await heldBy();
  await alias('wordy', { system_prompt: 'Be kind. '.repeat(100) });
  t.true((await heldBy()) > plain + 200);
});

test.serial(
  'a call without a model, or with an unknown one, goes where the operator says',
  async (t) => {
    const nameless = await post({});
    t.like(await errorOf(nameless), {
      ...{ status: 400, type: 'invalid_request_error' },
      message: 'you must provide a model parameter',
    });
    t.like(await errorOf(await post({ model: 'gpt-99' })), {
      ...{ status: 404, code: 'model_not_found', type: 'invalid_request_error' },
      message: 'The model `gpt-99` does not exist or you do not have access to it.',
    });
    const wrong = await jsonRequest(`${program.url}/api/admin/settings`, {
      ...{ method: 'PUT', token: adminToken, body: { default_alias: 'nothing' } },
    });
    t.is(wrong.status, 404);
    await settings({ default_alias: 'small', unknown_alias: 'large' });
    t.is(await modelOf(await post({})), 'small');
    t.is(await modelOf(await post({ model: 'gpt-99' })), 'large');
    t.is(await modelOf(await post({ model: 'large' })), 'large');
    for (const [path, body] of [
      ['completions', { prompt: 'Hello' }],
      ['embeddings', { input: 'Hello' }],
    ] as const) {
      t.is(await modelOf(await postTo(path, body)), 'small');
    }
    await settings({ default_alias: null, unknown_alias: null });
    t.is((await post({})).status, 400);
    for (const path of ['embeddings', 'images/generations', 'audio/speech']) {
      const said = { input: 'Hello', prompt: 'Hello', voice: 'alloy' };
      t.like(await errorOf(await postTo(path, said)), {
        ...{ status: 400, message: 'you must provide a model parameter' },
      });
    }
    t.like(await request(`${program.url}/api/admin/settings`, { token: adminToken }), {
      ...{ default_alias: null, unknown_alias: null, plans_url: null, account_url: null },
    });
  },
);

const List = z.object({ data: z.array(z.object({ id: z.string() })) });
const offered = async (token: string) =>
  List.parse(await request(`${program.url}/v1/models`, { token })).data.map(({ id }) => id);

test.serial(
  'a plan says which models, scenarios and endpoints there are, and how much',
  async (t) => {
    const member = await someone();
    const by = (headers: Readonly<Record<string, string>> = {}) => ({ token: member.key, headers });
    const path = `/api/admin/members/${member.memberId}/plan`;
    await put(path, {
      ...{ id: 'starter', aliases: ['small'], scenarios: ['chat'] },
      ...{ endpoints: ['/v1/chat/completions'], limits: { requests_per_minute: 1_000 } },
    });
    t.deepEqual(await offered(member.key), ['small']);
    const allowed = await post({ model: 'small' }, by({ 'x-scenario': 'chat' }));
    t.is(allowed.status, 200);
    t.is(allowed.headers.get('x-ratelimit-limit-requests'), '1000');
    t.like(await errorOf(await post({ model: 'large' }, by())), {
      ...{ status: 403, code: 'plan_not_permitted', param: 'model' },
      message: 'The plan `starter` does not permit the model `large`.',
      url: `${program.url}/plans`,
    });
    t.like(await errorOf(await post({ model: 'small' }, by({ 'x-scenario': 'code' }))), {
      ...{ status: 403, code: 'plan_not_permitted' },
      message: 'The plan `starter` does not permit the scenario `code`.',
    });
    const counting = await jsonRequest(`${program.url}/v1/messages/count_tokens`, {
      ...{ method: 'POST', token: member.key, body: { model: 'small', messages } },
    });
    t.is(counting.status, 403);
    t.like(await counting.json(), { type: 'error', error: { url: `${program.url}/plans` } });

    await settings({ plans_url: 'https://shop.example/plans' });
    await put(path, { id: 'starter', expires_at: '2026-01-01T00:00:00Z' });
    t.like(await errorOf(await post({ model: 'small' }, by())), {
      ...{ status: 403, code: 'plan_expired', type: 'permission_error' },
      url: 'https://shop.example/plans',
    });
    t.deepEqual(await offered(member.key), []);
    t.like(await request(`${program.url}/v1/user-profile`, { token: member.key }), {
      ...{ user_plan: 'starter', expire_at: '2026-01-01T00:00:00.000Z' },
    });
    await settings({ plans_url: null });
    await request(`${program.url}${path}`, { method: 'DELETE', token: adminToken });
    t.is((await post({ model: 'large' }, by())).status, 200);
  },
);

test.serial('a plan and a client app are conditions that routes may have', async (t) => {
  const member = await someone();
  await alias('by-plan', {});
  await put('/api/admin/routes/by-plan', {
    candidates: [
      { upstream: 'openai_like', model: 'for-all' },
      { upstream: 'openai_like', model: 'for-pro', conditions: { plans: ['pro'] } },
      { upstream: 'openai_like', model: 'for-shop', conditions: { client_apps: ['shop'] } },
    ],
  });
  const answeredBy = async () => {
    t.is((await post({ model: 'by-plan' }, { token: member.key })).status, 200);
    return lastAsked().model;
  };
  t.is(await answeredBy(), 'for-all');
  await put(`/api/admin/members/${member.memberId}/plan`, { id: 'pro' });
  t.is(await answeredBy(), 'for-pro');
  const tested = await request(`${program.url}/api/admin/routes/test`, {
    ...{ method: 'POST', token: adminToken },
    body: { alias: 'by-plan', member_id: member.memberId },
  });
  t.like(tested, { candidates: [{ model: 'for-pro' }] });
  await put(`/api/admin/members/${member.memberId}/plan`, { id: 'free' });
  await put(`/api/admin/members/${member.memberId}/client-app`, { client_app: 'shop' });
  t.is(await answeredBy(), 'for-shop');
});

const Key = z.looseObject({ id: z.string(), key: z.string() });

test.serial('a key is good for what its owner says', async (t) => {
  const { token } = person;
  const made = Key.parse(
    await request(`${program.url}/api/api-keys`, {
      ...{ method: 'POST', token, body: { name: 'narrow', aliases: ['small'] } },
    }),
  );
  t.like(made, { aliases: ['small'], scenarios: null, endpoints: null, scenario: null });
  const by = { token: made.key };
  t.deepEqual(await offered(made.key), ['small']);
  t.like(await errorOf(await post({ model: 'large' }, by)), {
    ...{ status: 403, code: 'plan_not_permitted' },
    message: 'This API key does not permit the model `large`.',
  });
  const path = `${program.url}/api/api-keys/${made.id}`;
  const patch = (as: string, body: object) =>
    jsonRequest(path, { method: 'PATCH', token: as, body });
  const other = await someone();
  t.is((await patch(other.token, { aliases: null })).status, 404);
  t.is((await patch(token, { aliases: ['no name!'] })).status, 400);
  t.is((await patch(adminToken, { aliases: null, scenarios: ['chat'] })).status, 200);
  t.is((await post({ model: 'large' }, by)).status, 200);
  t.is((await post({ model: 'large' }, { ...by, headers: { 'x-scenario': 'code' } })).status, 403);
  await patch(token, { scenarios: null, scenario: 'code', endpoints: ['/v1/messages'] });
  t.like(await errorOf(await post({ model: 'large' }, by)), {
    message: 'This API key does not permit `/v1/chat/completions`.',
  });
  t.like(await request(`${program.url}/api/api-keys`, { token }), {
    data: [{ id: made.id, scenario: 'code', endpoints: ['/v1/messages'], aliases: null }],
  });
});

test.serial(
  'a disabled member’s keys and sessions open nothing, until it is enabled',
  async (t) => {
    const member = await someone();
    const status = (to: 'active' | 'disabled', id = member.memberId) =>
      jsonRequest(`${program.url}/api/admin/members/${id}/status`, {
        ...{ method: 'PUT', token: adminToken, body: { status: to, reason: 'spam' } },
      });
    t.is((await status('disabled')).status, 200);
    t.like(await errorOf(await post({ model: 'small' }, { token: member.key })), {
      ...{ status: 403, code: 'account_disabled', url: `${program.url}/account` },
    });
    const wallet = () => jsonRequest(`${program.url}/api/wallet`, { token: member.token });
    const shut = await wallet();
    t.is(shut.status, 403);
    t.like(await shut.json(), { code: 'account_disabled', url: `${program.url}/account` });
    t.is((await status('active')).status, 200);
    t.is((await wallet()).status, 200);
    t.is((await post({ model: 'small' }, { token: member.key })).status, 200);
    const self = (await signIn(program)).memberId;
    t.is((await status('disabled', self)).status, 400);
    t.is((await status('disabled', randomUUID())).status, 404);
  },
);

test.serial('what a call was charged stands beside its usage, for who asks', async (t) => {
  const member = await someone();
  const Costly = z.object({
    usage: z.looseObject({ cost: z.string().optional(), cost_currency: z.string().optional() }),
  });
  const by = { token: member.key };
  const plain = await post({ model: 'small' }, by);
  t.is(Costly.parse(await plain.json()).usage.cost, undefined);
  const header = { ...by, headers: { 'x-include-cost': 'true' } };
  const body = Costly.parse(await (await post({ model: 'small' }, header)).json());
  const streamed = await post(
    { model: 'small', stream: true, stream_options: { include_cost: true } },
    by,
  );
  const last = Costly.parse(await lastChunkOf(streamed));
  const message = await jsonRequest(`${program.url}/v1/messages`, {
    ...{ method: 'POST', ...header, body: { model: 'small', messages, max_tokens: 20 } },
  });
  const said = Costly.parse(await message.json());
  const rows = await settledCalls(program, member.token, 4);
  t.is(rows.length, 4);
  for (const { usage } of [body, last, said]) {
    // 10 tokens in at 1 and 4 out at 2 a million.
    t.like(usage, { cost: '0.000018', cost_currency: 'CNY' });
    t.true(rows.every(({ charge }) => charge === usage.cost));
  }
  t.notRegex(JSON.stringify(mock.asked), /include_cost/);
});

test.serial('an administrator’s key may see who answers; nobody else’s may', async (t) => {
  await sell(program, adminToken, 'broken', 'broken?status=400&message=openai says no to acct_9');
  const made = Key.parse(
    await request(`${program.url}/api/api-keys`, {
      ...{ method: 'POST', token: adminToken, body: { name: 'mine' } },
    }),
  );
  const headers = { 'x-transparent': 'true' };
  const asAdmin = { token: made.key, headers };
  const answer = await post({ model: 'small' }, asAdmin);
  t.is(answer.status, 200);
  t.is(answer.headers.get('x-upstream'), 'openai_like');
  t.is(answer.headers.get('x-upstream-model'), 'small-model');
  t.is(await modelOf(answer), 'small-model');
  const told = await errorOf(await post({ model: 'broken' }, asAdmin));
  t.regex(told.message, /openai says no to acct_9/);
  const hidden = await errorOf(await post({ model: 'broken' }, { token: made.key }));
  t.notRegex(hidden.message, /acct_9/);
  const plain = await post({ model: 'small' }, { token: made.key });
  t.is(plain.headers.get('x-upstream'), null);
  t.is(await modelOf(plain), 'small');
  t.like(await errorOf(await post({ model: 'small' }, { headers })), {
    ...{ status: 403, code: 'forbidden' },
  });
  t.notRegex(program.output(), /acct_9/);
});

import test from 'ava';
import { z } from 'zod';
import { eventually } from '../support/eventually.ts';
import { jsonRequest } from '../support/json-request.ts';
import type { MockUpstream } from '../support/mock-upstream.ts';
import { startMockUpstream } from '../support/mock-upstream.ts';
import type { Person } from '../support/people.ts';
import { newCustomer, request, sell, settledCalls, signIn } from '../support/people.ts';
import type { Program } from '../support/program.ts';
import { newDataDir, removeDataDir, startProgram } from '../support/program.ts';

let program: Program;
let [one, other]: [MockUpstream | undefined, MockUpstream | undefined] = [undefined, undefined];
let adminToken: string;
let person: Person;

test.before(async () => {
  [one, other] = await Promise.all([startMockUpstream(), startMockUpstream()]);
  program = await startProgram(await newDataDir(), {
    OPENAI_API_KEY: 'sk-canary-one',
    OPENAI_BASE_URL: `${one.url}/v1`,
    OPENAI_LIKE_BASE_URL: `${other.url}/v1`,
    OPENAI_LIKE_API_KEY: 'sk-canary-other',
    UPSTREAM_RETRY_PAUSE_MS: '50',
  });
  adminToken = (await signIn(program)).token;
  person = await newCustomer(program, adminToken, '10');
});

test.after.always(async () => {
  await program?.stop();
  await Promise.all([one?.close(), other?.close()]);
  if (program) await removeDataDir(program.dataDir);
});

async function route(alias: string, terms: object): Promise<void> {
  await sell(program, adminToken, alias, 'unused');
  const path = `${program.url}/api/admin/routes/${alias}`;
  await request(path, { method: 'PUT', token: adminToken, body: terms });
}

const call = (model: string, headers: Readonly<Record<string, string>> = {}) =>
  jsonRequest(`${program.url}/v1/chat/completions`, {
    ...{ method: 'POST', token: person.key, headers },
    body: { model, messages: [{ role: 'user', content: 'Hello' }] },
  });

const asked = (name: string): readonly [number, number] => {
  const timesOf = (mock: MockUpstream | undefined) =>
    mock?.asked.filter(({ model }) => model.startsWith(name)).length ?? 0;
  return [timesOf(one), timesOf(other)];
};

test.serial(
  'a call goes on to the upstream that answers, is charged once, and tells nothing of it',
  async (t) => {
    await route('goes-on', {
      ...{ strategy: 'priority' },
      candidates: [
        { upstream: 'openai', model: 'goes-on?status=503', priority: 0 },
        { upstream: 'openai_like', model: 'goes-on', priority: 1 },
      ],
    });
    const answer = await call('goes-on');
    t.is(answer.status, 200);
    t.notRegex(
      `${await answer.text()} ${JSON.stringify([...answer.headers])}`,
      /canary|503|openai_/,
    );
    t.deepEqual(asked('goes-on'), [1, 1]);
    const id = answer.headers.get('x-request-id');
    const calls = await settledCalls(program, person.token, 1);
    t.is(calls.filter(({ request_id: of }) => of === id).length, 1);
  },
);

test.serial('a change of the route is what the next call follows', async (t) => {
  const candidates = ['openai', 'openai_like'].map((upstream) => ({ upstream, model: 'moves' }));
  for (const [index, first] of ['openai', 'openai_like'].entries()) {
    const priorities = candidates.map((each) => ({
      ...each,
      priority: each.upstream === first ? 0 : 1,
    }));
    await route('moves', { strategy: 'priority', candidates: priorities });
    t.is((await call('moves')).status, 200);
    t.deepEqual(asked('moves'), index === 0 ? [1, 0] : [1, 1]);
  }
});

test.serial('a scenario of a call decides over the wire', async (t) => {
  await route('scenes', {
    candidates: [
      { upstream: 'openai', model: 'scenes' },
      { upstream: 'openai_like', model: 'scenes', conditions: { scenarios: ['code'] } },
    ],
  });
  t.is((await call('scenes', { 'x-scenario': 'code' })).status, 200);
  t.deepEqual(asked('scenes'), [0, 1]);
  t.is((await call('scenes', { 'x-scenario': 'chat' })).status, 200);
  t.deepEqual(asked('scenes'), [1, 1]);
});

const Tested = z.object({
  candidates: z.array(z.object({ upstream: z.string(), score: z.number(), reason: z.string() })),
});

test.serial('the test of a route sees what calls have met', async (t) => {
  await route('sick', {
    ...{ strategy: 'priority' },
    candidates: [
      { upstream: 'openai', model: 'sick?status=500', priority: 0 },
      { upstream: 'openai_like', model: 'sick', priority: 1 },
    ],
  });
  const tried = async () => {
    const path = `${program.url}/api/admin/routes/test`;
    const body = { alias: 'sick', member_id: person.memberId };
    return Tested.parse(await request(path, { method: 'POST', token: adminToken, body }))
      .candidates;
  };
  t.like(await tried(), [{ upstream: 'openai', reason: 'priority 0' }]);
  await eventually(async () => {
    t.is((await call('sick')).status, 200);
    return (await tried())[0]?.upstream === 'openai_like';
  });
  t.regex((await tried())[1]?.reason ?? '', /it fails at the moment, so it comes last/);
});

const listed = async () => {
  const { data } = z
    .object({ data: z.array(z.object({ id: z.string() })) })
    .parse(await request(`${program.url}/v1/models`, { token: person.key }));
  return data.map(({ id }) => id);
};
const modelStatus = async (alias: string) =>
  (await jsonRequest(`${program.url}/v1/models/${alias}`, { token: person.key })).status;

test.serial(
  'an alias whose upstreams are off says so, is retried in vain, and is not listed',
  async (t) => {
    const put = (enabled: boolean) =>
      request(`${program.url}/api/admin/upstreams/sometimes`, {
        ...{ method: 'PUT', token: adminToken },
        body: { kind: 'openai_like', base_url: `${one?.url}/v1`, api_key: 'sk-other', enabled },
      });
    await put(true);
    await route('sometimes', { candidates: [{ upstream: 'sometimes', model: 'sometimes' }] });
    t.is((await call('sometimes')).status, 200);
    t.true((await listed()).includes('sometimes'));
    await put(false);
    const refused = await call('sometimes');
    t.is(refused.status, 503);
    t.is(refused.headers.get('x-should-retry'), 'false');
    t.is(refused.headers.get('retry-after'), null);
    t.like(await refused.json(), {
      error: { code: 'model_unavailable', type: 'server_error', param: 'model' },
    });
    t.false((await listed()).includes('sometimes'));
    t.is(await modelStatus('sometimes'), 404);
    const counting = await jsonRequest(`${program.url}/v1/messages/count_tokens`, {
      ...{ method: 'POST', token: person.key },
      body: { model: 'sometimes', messages: [{ role: 'user', content: 'Hello' }] },
    });
    t.is(counting.status, 503);
    t.is(counting.headers.get('x-should-retry'), 'false');
    await put(true);
    await eventually(async () => (await call('sometimes')).status === 200);
    t.is(await modelStatus('sometimes'), 200);
  },
);

test.serial(
  'an alias that takes no such calls says that, and is listed for those that it takes',
  async (t) => {
    await route('at-night', {
      candidates: [{ upstream: 'openai', model: 'at-night', conditions: { scenarios: ['batch'] } }],
    });
    const refused = await call('at-night');
    t.is(refused.status, 404);
    t.is(refused.headers.get('x-should-retry'), 'false');
    t.like(await refused.json(), {
      error: { code: 'model_not_routed', type: 'invalid_request_error', param: 'model' },
    });
    t.is((await call('at-night', { 'x-scenario': 'batch' })).status, 200);
    t.true((await listed()).includes('at-night'));
    t.deepEqual(asked('at-night'), [1, 0]);
  },
);

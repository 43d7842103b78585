import test from 'ava';
import { eventually } from '../support/eventually.ts';
import { jsonRequest } from '../support/json-request.ts';
import type { Person } from '../support/people.ts';
import { newCustomer, request, signIn } from '../support/people.ts';
import type { TwoPrograms } from '../support/two-programs.ts';
import { startTwoPrograms } from '../support/two-programs.ts';

let programs: TwoPrograms;
let adminToken: string;
let person: Person;

test.before(async () => {
  programs = await startTwoPrograms();
  adminToken = (await signIn(programs.program(0))).token;
  person = await newCustomer(programs.program(0), adminToken, '1');
});
test.after.always(() => programs?.stop());

/** Changed in the one process, seen in the other. */
const put = (path: string, body: object) =>
  request(`${programs.program(0).url}${path}`, { method: 'PUT', token: adminToken, body });
const other = (path: string, asked: Parameters<typeof jsonRequest>[1]) =>
  jsonRequest(`${programs.program(1).url}${path}`, asked);

const call = (body: object = { model: 'demo' }) =>
  other('/v1/chat/completions', {
    ...{ method: 'POST', token: person.key },
    body: { messages: [{ role: 'user', content: 'Hello' }], max_tokens: 16, ...body },
  });
const statusIs = (status: number, body?: object) =>
  eventually(async () => (await call(body)).status === status);

test.serial('a plan that is given in one process holds in the other', async (t) => {
  await statusIs(200);
  const path = `/api/admin/members/${person.memberId}/plan`;
  await put(path, { id: 'none', aliases: [] });
  await statusIs(403);
  await put(path, { id: 'all', limits: { requests_per_minute: 1_000 } });
  await statusIs(200);
  t.is((await call()).headers.get('x-ratelimit-limit-requests'), '1000');
});

test.serial('who is shut out in one process is shut out in the other', async (t) => {
  const path = `/api/admin/members/${person.memberId}/status`;
  const session = () => other('/api/wallet', { token: person.token });
  await put(path, { status: 'disabled', reason: 'test' });
  await statusIs(403);
  t.is((await session()).status, 403);
  await put(path, { status: 'active', reason: 'test' });
  await statusIs(200);
  t.is((await session()).status, 200);
});

test.serial('an alias’s limit and the settings of one process hold in the other', async (t) => {
  const price = { input: '1', cached_input: '0.5', output: '2' };
  await put('/api/admin/models/demo', { price, limits: { tokens_per_minute: 123_456 } });
  await eventually(async () => (await call()).headers.get('x-ratelimit-limit-tokens') === '123456');
  t.is((await call({})).status, 400);
  await put('/api/admin/settings', { default_alias: 'demo' });
  await statusIs(200, {});
});

test.serial('calls of both processes count against one limit', async (t) => {
  const price = { input: '1', cached_input: '0.5', output: '2' };
  await put('/api/admin/models/gpt-3.5-turbo', { price, limits: { requests_per_minute: 3 } });
  const candidates = [{ upstream: 'sandbox', model: 'demo' }];
  await put('/api/admin/routes/gpt-3.5-turbo', { candidates });
  const ask = (which: 0 | 1) =>
    jsonRequest(`${programs.program(which).url}/v1/chat/completions`, {
      ...{ method: 'POST', token: person.key },
      body: { model: 'gpt-3.5-turbo', messages: [{ role: 'user', content: 'Hi' }], max_tokens: 16 },
    });
  await eventually(async () => (await ask(1)).headers.has('x-ratelimit-limit-requests'));
  const answers = [];
  for (let n = 0; n < 12; n += 1) answers.push(await ask(n % 2 === 0 ? 0 : 1));
  const told = answers.map(({ status, headers }) => ({
    status,
    left: headers.get('x-ratelimit-remaining-requests'),
  }));
  // Two minutes have room for six calls, however many processes take them.
  t.true(told.filter(({ status }) => status === 200).length <= 6);
  t.true(told.some(({ status, left }) => status === 429 && left === '0'));
});

test.serial('what one process takes off sale no other one sells', async (t) => {
  const price = { input: '1', output: '2' };
  await put('/api/admin/models/short-lived', { price });
  await statusIs(200, { model: 'short-lived' });
  const { status } = await jsonRequest(`${programs.program(0).url}/api/admin/models/short-lived`, {
    method: 'DELETE',
    token: adminToken,
  });
  t.is(status, 204);
  await statusIs(404, { model: 'short-lived' });
  await put('/api/admin/models/short-lived', { price });
  await statusIs(200, { model: 'short-lived' });
});

import test from 'ava';
import OpenAI from 'openai';
import { MessagesReply } from '../../src/api/anthropic/schemas.ts';
import { AnthropicError } from '../../src/api/error-schemas.ts';
import { Decimal } from '../../src/domain/money.ts';
import type { MockAnthropic } from '../support/mock-anthropic.ts';
import { startMockAnthropic } from '../support/mock-anthropic.ts';
import { weatherQuestion } from '../support/official-client.ts';
import {
  callsOf,
  newCustomer,
  newPerson,
  sell,
  settledCalls,
  signIn,
  walletOf,
} from '../support/people.ts';
import type { Program } from '../support/program.ts';
import { newDataDir, removeDataDir, startProgram } from '../support/program.ts';

const canary = 'sk-ant-canary-0815';
/** None of it may reach a member. */
const telling = /canary|claude|anthropic\b|upstream_4711|127\.0\.0\.1/i;

let program: Program;
let mock: MockAnthropic;
let adminToken: string;

test.before(async () => {
  mock = await startMockAnthropic();
  program = await startProgram(await newDataDir(), {
    CLAUDE_BASE_URL: mock.url,
    CLAUDE_API_KEY: canary,
  });
  adminToken = (await signIn(program)).token;
  const sold = (alias: string, ...models: readonly string[]) =>
    sell(
      program,
      adminToken,
      alias,
      models.map((model) => ({ upstream: 'claude', model })),
    );
  await sold('writer', 'claude-canary?input=1000&cached=400&written=100&output=50');
  await sold('caller', 'claude-canary?tool=yes&thinking=2&output=9');
  await sold('fails', 'claude-canary?status=400&message=claude-canary refuses');
  await sold('cut', 'claude-canary?cut=error&delay=20');
  await sold('either', 'claude-canary?status=529', 'claude-canary?chunks=2&output=2');
});

test.after('a provider’s key is in no log line', (t) => {
  t.notRegex(program.output(), /canary/);
});

test.after.always(async () => {
  await program?.stop();
  await mock?.close();
  if (program) await removeDataDir(program.dataDir);
});

const customer = () => newCustomer(program, adminToken, '10');

const ask = (key: string, more: object, path = '') =>
  fetch(`${program.url}/v1/messages${path}`, {
    method: 'POST',
    headers: { 'x-api-key': key, 'content-type': 'application/json' },
    body: JSON.stringify({
      model: 'writer',
      max_tokens: 100,
      messages: [{ role: 'user', content: '帮我写一份产品介绍'.repeat(50) }],
      ...more,
    }),
  });

/** 1 CNY a million tokens of input, 0.5 cached, 2 of output. */
const price = (input: number, cached: number, output: number) =>
  new Decimal(input)
    .plus(new Decimal(cached).times('0.5'))
    .plus(2 * output)
    .div(1_000_000)
    .toFixed();

test('a message and a stream cost what was used, by class, and nobody learns who wrote them', async (t) => {
  const person = await customer();
  const whole = await ask(person.key, {});
  const text = await whole.text();
  t.like(MessagesReply.parse(JSON.parse(text)), {
    model: 'writer',
    usage: { input_tokens: 1_000, cache_read_input_tokens: 400, cache_creation_input_tokens: 100 },
  });
  const streamed = await (await ask(person.key, { stream: true })).text();
  t.regex(streamed, /event: message_stop\n/);
  for (const said of [text, streamed, JSON.stringify([...whole.headers])])
    t.notRegex(said, telling);
  const calls = await settledCalls(program, person.token, 2);
  for (const call of calls) t.is(call.charge, price(1_100, 400, 50));
  const { posted, held } = await walletOf(program, person.token);
  t.is(posted, new Decimal(10).minus(new Decimal(price(1_100, 400, 50)).times(2)).toFixed());
  t.is(held, '0');
  t.like(mock.asked[0]?.headers, { 'x-api-key': canary });
});

test('the official client of OpenAI’s has its tools called by a model of Anthropic’s', async (t) => {
  const person = await customer();
  const client = new OpenAI({ baseURL: `${program.url}/v1`, apiKey: person.key });
  const asked = { model: 'caller', ...weatherQuestion };
  const expected = {
    finish_reason: 'tool_calls',
    message: {
      content: 'Let me see.',
      tool_calls: [
        { function: { name: 'get_weather', arguments: '{"city":"Paris","unit":"celsius"}' } },
      ],
    },
  } as const;
  const whole = await client.chat.completions.create(asked);
  t.like(whole.choices[0], expected);
  const streamed = await client.chat.completions.stream(asked).finalChatCompletion();
  t.like(streamed.choices[0], expected);
  t.notRegex(JSON.stringify([whole, streamed]), telling);
  const sent = mock.asked.findLast(({ model }) => model.includes('tool=yes'));
  t.like(sent, { tools: [{ name: 'get_weather', input_schema: { type: 'object' } }] });
  await settledCalls(program, person.token, 2);
});

test('the built-in sandbox answers in Anthropic’s words, and counts what it would be asked', async (t) => {
  const person = await customer();
  const reply = MessagesReply.parse(
    await (await ask(person.key, { model: 'demo', max_tokens: 7 })).json(),
  );
  t.is(reply.usage.output_tokens, 7);
  t.is(reply.stop_reason, 'max_tokens');
  const counted = await ask(person.key, { model: 'demo', max_tokens: undefined }, '/count_tokens');
  t.deepEqual(await counted.json(), { input_tokens: reply.usage.input_tokens });
  t.is((await settledCalls(program, person.token, 1)).length, 1);
});

test('an overloaded model is passed over for the next one, under one hold', async (t) => {
  const person = await customer();
  for (let call = 0; call < 6; call += 1) {
    const response = await ask(person.key, { model: 'either', stream: call % 2 === 0 });
    t.is(response.status, 200);
    t.regex(await response.text(), /"output_tokens":2/);
  }
  const calls = await settledCalls(program, person.token, 6);
  t.true(calls.every(({ charge }) => charge === price(10, 0, 2)));
});

test('failures are free, in Anthropic’s shape, and tell nothing', async (t) => {
  const person = await customer();
  for (const [model, status, type] of [
    ['fails', 400, 'invalid_request_error'],
    ['cut', 200, 'api_error'],
    ['none', 404, 'not_found_error'],
  ] as const) {
    const response = await ask(person.key, { model, stream: model === 'cut' });
    t.is(response.status, status);
    const text = await response.text();
    const json = text.slice(text.lastIndexOf('{"type":"error"'));
    t.is(AnthropicError.parse(JSON.parse(json)).error.type, type);
    t.notRegex(text, telling);
  }
  const { posted, held } = await walletOf(program, person.token);
  t.deepEqual({ posted, held }, { posted: '10', held: '0' });
  t.true((await callsOf(program, person.token)).every(({ status }) => status !== 'settled'));
});

test('who has no credit, or no key, is told so', async (t) => {
  const person = await newPerson(program);
  const poor = await ask(person.key, {});
  t.is(poor.status, 429);
  t.is(poor.headers.get('x-should-retry'), 'false');
  t.like(await poor.json(), { type: 'error', error: { type: 'rate_limit_error' } });
  t.is((await ask('sk-wrong', {})).status, 401);
});

import test from 'ava';
import OpenAI, { APIError } from 'openai';
import { Decimal } from '../../src/domain/money.ts';
import type { MockAnthropic } from '../support/mock-anthropic.ts';
import { startMockAnthropic } from '../support/mock-anthropic.ts';
import type { MockUpstream } from '../support/mock-upstream.ts';
import { startMockUpstream } from '../support/mock-upstream.ts';
import { officialClient } from '../support/official-client.ts';
import { newCustomer, sell, settledCalls, signIn, walletOf } from '../support/people.ts';
import type { Program } from '../support/program.ts';
import { newDataDir, removeDataDir, startProgram } from '../support/program.ts';

const canary = 'sk-canary-0815';
/** None of it may reach a member. */
const telling = /canary|claude|anthropic|openai_like|127\.0\.0\.1/i;

let program: Program;
let anthropic: MockAnthropic;
let upstream: MockUpstream;
let adminToken: string;

test.before(async () => {
  [anthropic, upstream] = await Promise.all([startMockAnthropic(), startMockUpstream()]);
  program = await startProgram(await newDataDir(), {
    CLAUDE_BASE_URL: anthropic.url,
    CLAUDE_API_KEY: canary,
    OPENAI_LIKE_BASE_URL: `${upstream.url}/v1`,
    OPENAI_LIKE_API_KEY: canary,
  });
  adminToken = (await signIn(program)).token;
  const claude = (model: string) => [{ upstream: 'claude', model: `claude-canary?${model}` }];
  await sell(program, adminToken, 'writer', claude('input=1000&cached=400&output=50'));
  await sell(program, adminToken, 'caller', claude('tool=yes&thinking=2&output=9'));
  await sell(program, adminToken, 'slow', 'canary?chunks=1000&delay=20');
  await sell(program, adminToken, 'cut', 'canary?cut=socket&delay=20');
  await sell(program, adminToken, 'fails', 'canary?status=500');
  await sell(program, adminToken, 'json', 'canary?chunks=1&text={"city":"Paris"}');
});

test.after('a provider’s key is in no log line', (t) => {
  t.notRegex(program.output(), /canary/);
});

test.after.always(async () => {
  await program?.stop();
  await Promise.all([anthropic?.close(), upstream?.close()]);
  if (program) await removeDataDir(program.dataDir);
});

async function customer(credit = '10') {
  const person = await newCustomer(program, adminToken, credit);
  return { person, ...officialClient(program, person) };
}

const tools = [
  {
    type: 'function' as const,
    name: 'get_weather',
    parameters: { type: 'object', properties: {} },
    strict: true,
  },
];

test('an answer and a stream cost what was used, and nobody learns who wrote them', async (t) => {
  const { client, person } = await customer();
  const asked = { model: 'writer', input: '帮我写一份产品介绍'.repeat(50), max_output_tokens: 100 };
  const whole = await client.responses.create(asked);
  t.is(whole.output_text, ' word'.repeat(4));
  t.like(whole.usage, { input_tokens: 1_400, output_tokens: 50, total_tokens: 1_450 });
  const streamed = await client.responses.stream(asked).finalResponse();
  t.is(streamed.output_text, whole.output_text);
  t.deepEqual(streamed.usage, whole.usage);
  t.notRegex(JSON.stringify([whole, streamed]), telling);
  const calls = await settledCalls(program, person.token, 2);
  const price = new Decimal(1_000).plus(200).plus(100).div(1_000_000);
  for (const call of calls) t.is(call.charge, price.toFixed());
  t.true(calls.some(({ id }) => whole.id === `resp_${id.replaceAll('-', '')}`));
  const { posted, held } = await walletOf(program, person.token);
  t.is(posted, new Decimal(10).minus(price.times(2)).toFixed());
  t.is(held, '0');
});

test('the events of a stream reach the client one after the other', async (t) => {
  const { client, person } = await customer();
  const types: string[] = [];
  let text = '';
  const asked = { model: 'demo', input: 'Hello', max_output_tokens: 16, stream: true } as const;
  for await (const event of await client.responses.create(asked)) {
    types.push(event.type);
    if (event.type === 'response.output_text.delta') text += event.delta;
    if (event.type === 'response.incomplete') {
      t.is(event.response.incomplete_details?.reason, 'max_output_tokens');
      t.is(event.response.usage?.output_tokens, 16);
    }
  }
  t.is(types[0], 'response.created');
  t.is(types.at(-1), 'response.incomplete');
  t.is(text.trim().split(' ').length, 16);
  await settledCalls(program, person.token, 1);
});

test('a model calls a tool, is told its result, and goes on', async (t) => {
  const { client, person } = await customer();
  const question = { role: 'user' as const, content: 'How is the weather?' };
  const asked = {
    ...{ model: 'caller', tools, max_output_tokens: 50 },
    include: ['reasoning.encrypted_content' as const],
  };
  const first = await client.responses.parse({ ...asked, input: [question] });
  const call = first.output.find((item) => item.type === 'function_call');
  t.is(call?.name, 'get_weather');
  t.deepEqual(call?.parsed_arguments, { city: 'Paris', unit: 'celsius' });
  const streamed = client.responses.stream({ ...asked, input: [question] });
  let json = '';
  streamed.on('response.function_call_arguments.delta', ({ delta }) => {
    json += delta;
  });
  const again = await streamed.finalResponse();
  t.deepEqual(JSON.parse(json), { city: 'Paris', unit: 'celsius' });
  t.deepEqual(
    again.output.map(({ type }) => type),
    first.output.map(({ type }) => type),
  );
  const result = {
    type: 'function_call_output' as const,
    call_id: call?.call_id ?? '',
    output: 'Sunny.',
  };
  const output = first.output.map(({ ...item }) => item) as OpenAI.Responses.ResponseInputItem[];
  await client.responses.create({ ...asked, input: [question, ...output, result] });
  const sent = anthropic.asked.findLast(({ model }) => model.includes('tool=yes'));
  const [, said, told] = sent?.messages ?? [];
  t.like(said, { role: 'assistant' });
  t.regex(JSON.stringify(said), /"type":"tool_use".*"name":"get_weather"/);
  t.regex(JSON.stringify(said), /"type":"thinking".*"signature":"c2lnbmVk"/);
  t.regex(JSON.stringify(told), /"type":"tool_result".*Sunny\./);
  t.notRegex(JSON.stringify([first, again]), telling);
  await settledCalls(program, person.token, 3);
});

test('an answer in a form that was asked for is parsed', async (t) => {
  const { client } = await customer();
  const schema = { type: 'object', properties: { city: { type: 'string' } } };
  const format = { type: 'json_schema' as const, name: 'place', schema };
  const parsed = await client.responses.parse({ model: 'json', input: 'Where?', text: { format } });
  t.deepEqual(JSON.parse(parsed.output_text), { city: 'Paris' });
  t.like(
    upstream.asked.findLast(({ model }) => model.startsWith('canary?chunks=1&text')),
    { response_format: { type: 'json_schema', json_schema: { name: 'place', schema } } },
  );
});

test('a client that aborts is charged what it received', async (t) => {
  const { client, person } = await customer();
  const stream = client.responses.stream({ model: 'slow', input: 'Hello', max_output_tokens: 900 });
  let heard = 0;
  for await (const event of stream) {
    if (event.type === 'response.output_text.delta') heard += 1;
    if (heard === 3) break;
  }
  const [charged] = await settledCalls(program, person.token, 1);
  t.is(charged?.basis, 'estimate');
  t.true(new Decimal(charged?.charge ?? 0).gt(0));
  t.is((await walletOf(program, person.token)).held, '0');
});

test('an answer that breaks off is an error to the client, and free', async (t) => {
  const { client, person } = await customer();
  const broken = client.responses.stream({ model: 'cut', input: 'Hello' });
  const error = await t.throwsAsync(broken.finalResponse(), { instanceOf: APIError });
  t.is(error?.code, 'upstream_error');
  t.notRegex(String(error), telling);
  const { posted, held } = await walletOf(program, person.token);
  t.deepEqual({ posted, held }, { posted: '10', held: '0' });
});

test('refusals are the client’s own classes of errors', async (t) => {
  const { client } = await customer();
  const input = 'Hello';
  const wrong = new OpenAI({ baseURL: `${program.url}/v1`, apiKey: 'sk-wrong' });
  const unknown = await t.throwsAsync(() => wrong.responses.create({ model: 'demo', input }), {
    instanceOf: OpenAI.AuthenticationError,
  });
  t.is(unknown?.code, 'invalid_api_key');
  const none = await t.throwsAsync(() => client.responses.create({ model: 'none', input }), {
    instanceOf: OpenAI.NotFoundError,
  });
  t.is(none?.code, 'model_not_found');
  const kept = { model: 'demo', input, previous_response_id: 'resp_1' };
  const refused = await t.throwsAsync(() => client.responses.create(kept), {
    instanceOf: OpenAI.BadRequestError,
  });
  t.is(refused?.param, 'previous_response_id');
  const poor = await customer('0.000001');
  const quota = await t.throwsAsync(() => poor.client.responses.create({ model: 'demo', input }), {
    instanceOf: OpenAI.RateLimitError,
  });
  t.is(quota?.code, 'insufficient_quota');
  t.is(poor.asked(), 1, 'it is not asked again');
});

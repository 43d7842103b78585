import { Buffer } from 'node:buffer';
import test from 'ava';
import OpenAI, { APIError, toFile } from 'openai';
import { z } from 'zod';
import { sound } from '../../src/adapters/llm/sandbox-media.ts';
import { Decimal, sum } from '../../src/domain/money.ts';
import { eventually } from '../support/eventually.ts';
import { jsonRequest } from '../support/json-request.ts';
import type { MockUpstream } from '../support/mock-upstream.ts';
import { startMockUpstream } from '../support/mock-upstream.ts';
import { officialClient } from '../support/official-client.ts';
import type { Person } from '../support/people.ts';
import {
  callsOf,
  newCustomer,
  offer,
  request,
  sell,
  settledCalls,
  signIn,
  walletOf,
} from '../support/people.ts';
import type { Program } from '../support/program.ts';
import { newDataDir, removeDataDir, startProgram } from '../support/program.ts';

const messages = [{ role: 'user' as const, content: '帮我写一份产品介绍' }];

let program: Program;
let upstream: MockUpstream;
let adminToken: string;

test.before(async () => {
  upstream = await startMockUpstream();
  program = await startProgram(await newDataDir(), {
    OPENAI_LIKE_BASE_URL: `${upstream.url}/v1`,
    OPENAI_LIKE_API_KEY: 'sk-upstream-secret',
  });
  adminToken = (await signIn(program)).token;
  await sell(program, adminToken, 'slow', 'mock?chunks=1000&delay=20');
  await sell(program, adminToken, 'fails', 'mock?status=500');
  await sell(program, adminToken, 'rubbish', 'mock?rubbish=first');
  await sell(program, adminToken, 'cut', 'mock?cut=socket');
});

test.after.always(async () => {
  await program?.stop();
  await upstream?.close();
  if (program) await removeDataDir(program.dataDir);
});

/** A member with credit, and the official client with the member's key. */
async function customer(credit: string) {
  const person = await newCustomer(program, adminToken, credit);
  return { person, ...officialClient(program, person) };
}

/** A call by hand: what the official client would hide. */
const call = (person: Person, body: Readonly<Record<string, unknown>>) =>
  jsonRequest(`${program.url}/v1/chat/completions`, {
    method: 'POST',
    token: person.key,
    body: { messages, ...body },
  });

test('an answer at once is charged its usage', async (t) => {
  const { client, person } = await customer('10');
  const answer = await client.chat.completions.create({ model: 'demo', messages, max_tokens: 7 });
  t.is(answer.model, 'demo');
  t.is(answer.usage?.completion_tokens, 7);
  const [charged] = await settledCalls(program, person.token, 1);
  t.is(charged?.basis, 'usage');
  t.is(answer.id, `chatcmpl-${charged?.id.replaceAll('-', '')}`);
  const { posted, held, available } = await walletOf(program, person.token);
  t.is(new Decimal(10).minus(charged?.charge ?? 0).toFixed(), posted);
  t.is(held, '0');
  t.is(available, posted);
});

test('a stream has no usage unless it is asked for, and costs the same', async (t) => {
  const { client, person } = await customer('10');
  const body = { model: 'demo', messages, max_tokens: 7, stream: true } as const;
  const bare = await Array.fromAsync(await client.chat.completions.create(body));
  t.true(bare.every(({ usage, choices }) => !usage && choices.length === 1));
  const asked = await Array.fromAsync(
    await client.chat.completions.create({ ...body, stream_options: { include_usage: true } }),
  );
  t.is(asked.at(-1)?.usage?.completion_tokens, 7);
  t.deepEqual(asked.at(-1)?.choices, []);
  const [one, two] = await settledCalls(program, person.token, 2);
  t.is(one?.charge, two?.charge);
});

test('a client that hangs up mid-stream is charged what it consumed', async (t) => {
  const { client, person } = await customer('10');
  const stream = await client.chat.completions.create({
    model: 'slow',
    messages,
    max_tokens: 1000,
    stream: true,
  });
  let seen = 0;
  for await (const _ of stream) if (++seen === 3) break;
  const [charged] = await settledCalls(program, person.token, 1);
  t.is(charged?.basis, 'estimate');
  t.true(new Decimal(charged?.charge ?? 0).gt(0));
  t.is((await walletOf(program, person.token)).held, '0');
});

test('a wrong key is 401, an unknown model 404, both in the client’s own error classes', async (t) => {
  const { client } = await customer('1');
  const wrong = new OpenAI({ baseURL: `${program.url}/v1`, apiKey: 'sk-wrong' });
  const refused = await t.throwsAsync(
    () => wrong.chat.completions.create({ model: 'demo', messages }),
    { instanceOf: OpenAI.AuthenticationError },
  );
  t.is(refused?.code, 'invalid_api_key');
  const unknown = await t.throwsAsync(
    () => client.chat.completions.create({ model: 'no-such-model', messages }),
    { instanceOf: OpenAI.NotFoundError },
  );
  t.is(unknown?.code, 'model_not_found');
});

test('without credit it is 429 insufficient_quota, and the client does not try again', async (t) => {
  const { client, asked } = await customer('0.000001');
  const refused = await t.throwsAsync(
    () => client.chat.completions.create({ model: 'demo', messages }),
    { instanceOf: OpenAI.RateLimitError },
  );
  t.is(refused?.code, 'insufficient_quota');
  t.is(asked(), 1);
});

test('a failing upstream costs nothing and is not named', async (t) => {
  const { person } = await customer('10');
  for (const model of ['fails', 'rubbish', 'cut']) {
    const response = await call(person, { model, max_tokens: 20, stream: model === 'cut' });
    const text = await response.text();
    t.is(response.status, model === 'cut' ? 200 : 502, model);
    t.notRegex(text, /sk-upstream|openai_like|127\.0\.0\.1/);
    t.false(text.includes('[DONE]'));
  }
  await eventually(async () => {
    const calls = await callsOf(program, person.token);
    return calls.length === 3 && calls.every(({ status }) => status !== 'open');
  });
  t.true((await callsOf(program, person.token)).every(({ status }) => status === 'released'));
  const { posted, held } = await walletOf(program, person.token);
  t.deepEqual({ posted, held }, { posted: '10', held: '0' });
});

test('more calls at once than the credit covers: exactly as many succeed as it pays for', async (t) => {
  const statusOf = async (person: Person): Promise<number> => {
    const response = await call(person, { model: 'demo', max_tokens: 16 });
    await response.arrayBuffer();
    return response.status;
  };
  const { person } = await customer('1');
  t.is(await statusOf(person), 200);
  const [first] = await settledCalls(program, person.token, 1);
  const charge = first?.charge ?? '0';
  const { person: spender } = await customer(new Decimal(charge).times(20).toFixed());
  const statuses = await Promise.all(Array.from({ length: 60 }, () => statusOf(spender)));
  t.is(statuses.filter((status) => status === 200).length, 20);
  t.is(statuses.filter((status) => status === 429).length, 40);
  const calls = await settledCalls(program, spender.token, 20);
  t.true(sum(calls.map((call) => new Decimal(call.charge ?? 0))).eq(new Decimal(charge).times(20)));
  t.like(await walletOf(program, spender.token), {
    asset: 'CNY',
    posted: '0',
    held: '0',
    available: '0',
  });
});

test('a revoked key is refused at the next request', async (t) => {
  const { client, person } = await customer('1');
  await client.models.list();
  const keys = await request(`${program.url}/api/api-keys`, { token: person.token });
  const id = JSON.stringify(keys).match(/"id":"([^"]+)"/)?.[1];
  await request(`${program.url}/api/api-keys/${id}`, { method: 'DELETE', token: person.token });
  const error = await t.throwsAsync(() => client.models.list(), { instanceOf: APIError });
  t.is(error?.status, 401);
});

test('everything that may be asked is charged by its own measure, and explained to the last digit', async (t) => {
  const { client, person } = await customer('10');
  const price = {
    ...{ input: '1', cached_input: '0.5', output: '2', request: '0.001' },
    ...{ image: '0.04', second: '0.0001', character: '0.00001' },
  };
  const put = (path: string, body: unknown) =>
    request(`${program.url}/api/admin${path}`, { method: 'PUT', token: adminToken, body });
  t.like(await put('/models/all', { price }), { price });
  const candidates = [{ upstream: 'sandbox', model: 'demo', weight: 1 }];
  await put('/routes/all', { candidates });
  const model = 'all';
  await client.completions.create({ model, prompt: 'Hello', max_tokens: 5 });
  const { data: vectors } = await client.embeddings.create({ model, input: 'Hello' });
  t.is(vectors[0]?.embedding.length, 16);
  await client.moderations.create({ model, input: 'Hello' });
  await client.images.generate({ model, prompt: 'a fox', n: 2 });
  const asked = { model, input: 'Hello', voice: 'alloy', response_format: 'wav' } as const;
  const speech = Buffer.from(await (await client.audio.speech.create(asked)).arrayBuffer());
  t.is(speech.toString('latin1', 0, 4), 'RIFF');
  const file = await toFile(speech, 'hello.wav');
  t.truthy((await client.audio.transcriptions.create({ model, file })).text);
  await client.images.edit({ model, prompt: 'a dog', image: await toFile(speech, 'a.png') });
  const calls = await settledCalls(program, person.token, 7);
  const lines = await Promise.all(
    calls.map(async ({ id, charge }) => {
      const call = await request(`${program.url}/api/calls/${id}`, { token: person.token });
      const { lines: all } = Explained.parse(call);
      t.is(sum(all.map(({ amount }) => new Decimal(amount))).toFixed(), charge ?? '');
      return all.map((line) => `${line.count} ${line.class} at ${line.price}`);
    }),
  );
  const said = lines.map((all) => all.filter((line) => !line.includes('request')).join(', '));
  t.deepEqual(said.toSorted(), [
    '1 images at 0.04',
    '1 seconds at 0.0001',
    '2 images at 0.04',
    '2 input at 1',
    '2 input at 1',
    '2 input at 1, 5 output at 2',
    '5 characters at 0.00001',
  ]);
  const spent = sum(calls.map(({ charge }) => new Decimal(charge ?? 0)));
  const { posted, held } = await walletOf(program, person.token);
  t.deepEqual({ posted, held }, { posted: new Decimal(10).minus(spent).toFixed(), held: '0' });
});

test('a chat that hears and speaks is charged for both, and explained to the last digit', async (t) => {
  const { client, person } = await customer('10');
  const ofSound = { audio_input: '6', audio_output: '20' };
  const model = 'speaker';
  const sold = 'mock?input=105&heard=100&spoken=12';
  await offer(program, adminToken, model, { sold, prices: ofSound });
  const data = sound('Hello', 'mp3').toString('base64');
  const heard = { type: 'input_audio', input_audio: { data, format: 'mp3' } } as const;
  const asked = {
    ...{ model, modalities: ['text', 'audio'], audio: { voice: 'alloy', format: 'wav' } },
    messages: [{ role: 'user', content: [{ type: 'text', text: 'Hm?' }, heard] }],
  } satisfies OpenAI.ChatCompletionCreateParamsNonStreaming;
  const { choices } = await client.chat.completions.create(asked);
  t.is(choices[0]?.message.audio?.transcript, ' word'.repeat(4));
  const [settled] = await settledCalls(program, person.token, 1);
  const call = await request(`${program.url}/api/calls/${settled?.id}`, { token: person.token });
  const { lines } = Explained.parse(call);
  t.deepEqual(
    lines.map(({ class: of, count, price, amount }) => [of, count, price, amount]),
    [
      ['input', 5, '1', '0.000005'],
      ['output', 4, '2', '0.000008'],
      ['audio_input', 100, '6', '0.0006'],
      ['audio_output', 12, '20', '0.00024'],
    ],
  );
  t.is(settled?.charge, '0.000853');
  t.like(await walletOf(program, person.token), { posted: '9.999147', held: '0' });
});

const Explained = z.looseObject({
  lines: z.array(
    z.object({ class: z.string(), count: z.int(), price: z.string(), amount: z.string() }).loose(),
  ),
});

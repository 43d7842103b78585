import test from 'ava';
import OpenAI from 'openai';
import type { MockGemini } from '../support/mock-gemini.ts';
import { startMockGemini } from '../support/mock-gemini.ts';
import { weatherQuestion } from '../support/official-client.ts';
import { newCustomer, sell, settledCalls, signIn } from '../support/people.ts';
import type { Program } from '../support/program.ts';
import { newDataDir, removeDataDir, startProgram } from '../support/program.ts';

const canary = 'AIza-canary-0815';
/** None of it may reach a member. */
const telling = /canary|gemini|google|upstream_4711|127\.0\.0\.1/i;

let program: Program;
let mock: MockGemini;
let client: OpenAI;
let token: string;

test.before(async () => {
  mock = await startMockGemini();
  program = await startProgram(await newDataDir(), {
    GEMINI_BASE_URL: mock.url,
    GEMINI_API_KEY: canary,
  });
  const admin = await signIn(program);
  const sold = (alias: string, how: string) =>
    sell(program, admin.token, alias, [{ upstream: 'gemini', model: `gemini-3-canary?${how}` }]);
  await sold('caller', 'tool=yes&thinking=2&input=20&output=9');
  await sold('refuses', 'status=400&error=INVALID_ARGUMENT&message=gemini-3-canary says no');
  await sold('locked', 'status=400&error=INVALID_ARGUMENT&reason=API_KEY_INVALID');
  const person = await newCustomer(program, admin.token, '10');
  token = person.token;
  client = new OpenAI({ baseURL: `${program.url}/v1`, apiKey: person.key, maxRetries: 0 });
});

test('a provider’s key is in no log line', (t) => {
  t.notRegex(program.output(), /AIza/);
});

test.after.always(async () => {
  await program?.stop();
  await mock?.close();
  if (program) await removeDataDir(program.dataDir);
});

const asked = { model: 'caller', ...weatherQuestion };

test('the official client’s tools are called, and the next turn has the signature that it needs', async (t) => {
  const { data, response } = await client.chat.completions.create(asked).withResponse();
  const [choice] = data.choices;
  t.is(choice?.finish_reason, 'tool_calls');
  t.notRegex(JSON.stringify([data, [...response.headers]]), telling);
  const message = choice?.message;
  const [call] = message?.tool_calls ?? [];
  if (!(message && call)) throw new Error('Nothing was called.');
  await client.chat.completions.create({
    ...asked,
    messages: [
      ...asked.messages,
      message,
      { role: 'tool', tool_call_id: call.id, content: 'sunny' },
    ],
  });
  const sent = mock.asked.find(({ contents }) => contents.length > 1)?.contents.slice(-2);
  t.like(sent?.[0]?.parts.at(-1), {
    functionCall: { id: 'fc_01', name: 'get_weather' },
    thoughtSignature: 'c2lnbmVk',
  });
  t.deepEqual(sent?.[1]?.parts, [
    { functionResponse: { id: 'fc_01', name: 'get_weather', response: { output: 'sunny' } } },
  ]);
  // 1 CNY a million tokens of input, 2 of output, thoughts among them.
  for (const { charge } of await settledCalls(program, token, 2)) t.is(charge, '0.000042');
});

test('a stream tells its usage, and nobody who wrote it', async (t) => {
  const stream = await client.chat.completions.create({
    ...asked,
    stream: true,
    stream_options: { include_usage: true },
  });
  const chunks = await Array.fromAsync(stream);
  t.notRegex(JSON.stringify(chunks), telling);
  t.like(chunks.at(-1), {
    choices: [],
    usage: {
      prompt_tokens: 20,
      completion_tokens: 11,
      completion_tokens_details: { reasoning_tokens: 2 },
    },
  });
});

test('an error tells neither the provider nor that its key is wrong', async (t) => {
  for (const [model, status] of [
    ['refuses', 400],
    ['locked', 502],
  ] as const) {
    const error = await t.throwsAsync(client.chat.completions.create({ ...asked, model }), {
      instanceOf: OpenAI.APIError,
    });
    t.is(error?.status, status);
    t.notRegex(JSON.stringify([error?.message, error?.error]), /canary|gemini|google|api.?key/i);
  }
});

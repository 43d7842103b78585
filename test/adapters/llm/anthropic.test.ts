import test from 'ava';
import { anthropicUpstream } from '../../../src/adapters/llm/anthropic.ts';
import { CallFault } from '../../../src/adapters/llm/call-fault.ts';
import type { Json } from '../../../src/adapters/llm/upstream.ts';
import { usageFrom } from '../../../src/adapters/llm/usage.ts';
import { eventually } from '../../support/eventually.ts';
import type { MockAnthropic } from '../../support/mock-anthropic.ts';
import { startMockAnthropic } from '../../support/mock-anthropic.ts';
import { upstreamContract } from './upstream.contract.ts';

const secret = 'sk-ant-provider-secret';
let mock: MockAnthropic;
let upstream: ReturnType<typeof anthropicUpstream>;
let impatient: ReturnType<typeof anthropicUpstream>;

const toMock = (silenceMs: number, baseUrl = mock.url) =>
  anthropicUpstream({
    id: 'claude',
    baseUrl,
    apiKey: secret,
    timeouts: { connectMs: 5_000, firstTokenMs: silenceMs, idleMs: silenceMs },
  });

test.before(async () => {
  mock = await startMockAnthropic();
  upstream = toMock(20_000);
  impatient = toMock(1_000, `${mock.url}/`);
});
test.after.always(async () => {
  await Promise.all([upstream.close(), impatient.close()]);
  await mock.close();
});

upstreamContract(test, {
  upstream: () => upstream,
  model: 'claude?chunks=8',
  longModel: 'claude?chunks=1000&delay=5',
  single: true,
});

const messages = [{ role: 'user', content: 'Hello' }];

const ask = (model: string, more: Json = {}, of = upstream) =>
  of.ask({
    endpoint: 'chat',
    model,
    body: { model: 'alias', messages, ...more },
    stream: more.stream === true,
    maxOutput: 100,
    signal: new AbortController().signal,
  });

async function read(model: string, more: Json = {}, of = upstream): Promise<readonly Json[]> {
  const answer = await ask(model, more, of);
  if (!answer.stream) return [await answer.body()];
  return (await Array.fromAsync(answer.chunks)).flat();
}

test('the key goes out as Anthropic wants it, and the output limit with every request', async (t) => {
  await read('headers', { temperature: 0, extra: null });
  const sent = mock.asked.find(({ model }) => model === 'headers');
  t.like(sent?.headers, { 'x-api-key': secret, 'anthropic-version': '2023-06-01' });
  t.is(sent?.headers.authorization, undefined);
  t.like(sent, { max_tokens: 100, stream: false, temperature: 0 });
});

for (const stream of [false, true]) {
  const usageOf = async (model: string) => {
    const said = await read(model, { stream });
    return usageFrom(said.at(-1)?.usage);
  };
  test(`what is cached stands beside the input and is counted in OpenAI’s, stream ${stream}`, async (t) => {
    t.deepEqual(await usageOf('m?input=100&cached=40&written=7&output=9'), {
      input: 100,
      cachedInput: 40,
      cacheWrite: 7,
      output: 9,
      reasoning: 0,
    });
  });
  test(`thoughts are a class of the output, stream ${stream}`, async (t) => {
    const usage = await usageOf('m?thinking=3&chunks=2');
    t.deepEqual(usage, { input: 10, cachedInput: 0, output: 2, reasoning: 3 });
  });
  test(`a usage that is none is left out, stream ${stream}`, async (t) => {
    for (const how of ['no', 'rubbish']) t.is(await usageOf(`m?usage=${how}`), undefined);
  });
}

test('a whole message has its text, thoughts and calls', async (t) => {
  const [answer] = await read('m?thinking=2&tool=yes');
  t.like(answer, {
    object: 'chat.completion',
    choices: [
      {
        finish_reason: 'tool_calls',
        message: {
          role: 'assistant',
          content: 'Let me see.',
          reasoning_content: ' hm hm',
          reasoning_details: [{ type: 'reasoning.text', text: ' hm hm', signature: 'c2lnbmVk' }],
          tool_calls: [
            {
              id: 'toolu_01',
              type: 'function',
              function: { name: 'get_weather', arguments: '{"city":"Paris","unit":"celsius"}' },
            },
          ],
        },
      },
    ],
  });
});

test('a stream spells out the same, and a call without arguments has empty ones', async (t) => {
  for (const [tool, expected] of [
    ['yes', '{"city":"Paris","unit":"celsius"}'],
    ['bare', '{}'],
  ] as const) {
    const chunks = JSON.parse(
      JSON.stringify(await read(`m?thinking=2&tool=${tool}`, { stream: true })),
    );
    const deltas: Json[] = chunks.flatMap((chunk: { choices: { delta: Json }[] }) =>
      chunk.choices.map(({ delta }) => delta),
    );
    const joined = (field: string) => deltas.map((delta) => delta[field] ?? '').join('');
    t.like(deltas[0], { role: 'assistant' });
    t.is(joined('content'), 'Let me see.');
    t.is(joined('reasoning_content'), ' hm hm');
    const calls = deltas.flatMap(({ tool_calls: calls }) => (Array.isArray(calls) ? calls : []));
    t.like(calls[0], { index: 0, id: 'toolu_01', function: { name: 'get_weather' } });
    t.is(calls.map(({ function: { arguments: text } }) => text).join(''), expected);
    t.is(chunks.at(-2).choices[0].finish_reason, 'tool_calls');
  }
});

for (const [stop, finish] of [
  ['end_turn', 'stop'],
  ['stop_sequence', 'stop'],
  ['max_tokens', 'length'],
  ['model_context_window_exceeded', 'length'],
  ['refusal', 'content_filter'],
  ['pause_turn', 'stop'],
] as const) {
  test(`an answer that ends by ${stop} ends by ${finish}`, async (t) => {
    const reason = stop === 'stop_sequence' ? { stop_reason: 'END' } : {};
    const expected = { choices: [{ finish_reason: finish, ...reason }] };
    t.like((await read(`m?stop=${stop}`))[0], expected);
    t.like((await read(`m?stop=${stop}`, { stream: true })).at(-2), expected);
  });
}

const failures = [
  ['status=500', 'upstream_failed', true],
  ['status=529&type=overloaded_error&message=Overloaded', 'upstream_failed', true],
  ['status=429&type=rate_limit_error', 'upstream_limited', true],
  ['status=401&type=authentication_error', 'upstream_failed', true],
  ['status=404&type=not_found_error', 'upstream_failed', true],
  ['status=400&message=Your credit balance is too low', 'upstream_failed', true],
  ['status=400&type=invalid_request_error', 'upstream_refused', false],
  ['status=413&type=request_too_large', 'upstream_refused', false],
  ['hang=headers', 'upstream_timed_out', true],
  ['hang=first', 'upstream_timed_out', true],
  ['hang=mid', 'upstream_timed_out', true],
  ['cut=socket', 'upstream_failed', true],
  ['rubbish=first', 'upstream_failed', true],
] as const;

for (const stream of [false, true]) {
  for (const [how, code, retryable] of failures) {
    const limited = how.startsWith('hang') ? test.serial : test;
    limited(`${how} is ${code}, ${stream ? 'streaming' : 'at once'}`, async (t) => {
      const of = how.startsWith('hang') ? impatient : upstream;
      const fault = await t.throwsAsync(read(`secret-model?${how}`, { stream }, of), {
        instanceOf: CallFault,
      });
      t.is(fault?.code, code);
      t.is(fault?.retryable, retryable);
      t.notRegex(fault?.message ?? '', /secret|mock|127\.0\.0\.1|anthropic|claude|credit/i);
    });
  }
}

for (const how of ['cut=early', 'cut=error', 'rubbish=mid']) {
  test(`a stream with ${how} fails`, async (t) => {
    const fault = await t.throwsAsync(read(`m?${how}`, { stream: true }), {
      instanceOf: CallFault,
    });
    t.is(fault?.code, 'upstream_failed');
    t.true(fault?.retryable);
  });
}

test('an answer whose connection fails behind its last word is whole, usage and all', async (t) => {
  const chunks = await read('m?cut=late&output=6', { stream: true });
  t.is(usageFrom(chunks.at(-1)?.usage)?.output, 6);
});

test.serial('of an answer that was broken off, what came is told in OpenAI’s shape', async (t) => {
  const answer = await ask('m?hang=mid&chunks=4&text=abc', {}, impatient);
  if (answer.stream) throw new Error('It was not to stream.');
  await t.throwsAsync(answer.body());
  t.like(JSON.parse(answer.partial()), { choices: [{ message: { content: 'abcabc' } }] });
});

test('a stream that nobody reads to its end is given up', async (t) => {
  const before = mock.abandoned();
  const answer = await ask('left?chunks=1000&delay=5', { stream: true });
  if (!answer.stream) throw new Error('It was to stream.');
  for await (const chunks of answer.chunks) {
    t.true(chunks.length > 0);
    break;
  }
  await eventually(() => mock.abandoned() > before);
});

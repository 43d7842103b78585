import test from 'ava';
import type { Json } from '../../../src/adapters/llm/upstream.ts';
import { usageFrom } from '../../../src/adapters/llm/usage.ts';
import { readChat } from '../../support/asking.ts';
import type { MockAnthropic } from '../../support/mock-anthropic.ts';
import { startMockAnthropic } from '../../support/mock-anthropic.ts';
import { toAnthropic } from '../../support/upstreams-at.ts';
import type { Failure } from './http-upstream.contract.ts';
import { httpUpstreamContract } from './http-upstream.contract.ts';
import { translatedUpstreamContract } from './translated-upstream.contract.ts';
import { upstreamContract } from './upstream.contract.ts';

let mock: MockAnthropic;
let upstream: ReturnType<typeof toAnthropic>;
let impatient: ReturnType<typeof toAnthropic>;

test.before(async () => {
  mock = await startMockAnthropic();
  upstream = toAnthropic(mock.url);
  impatient = toAnthropic(`${mock.url}/`, 1_000);
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

const failures: readonly Failure[] = [
  ['status=529&type=overloaded_error&message=Overloaded', 'upstream_failed', true],
  ['status=429&type=rate_limit_error', 'upstream_limited', true],
  ['status=401&type=authentication_error', 'upstream_failed', true],
  ['status=404&type=not_found_error', 'upstream_failed', true],
  ['status=400&message=Your credit balance is too low', 'upstream_failed', true],
  ['status=400&type=invalid_request_error', 'upstream_refused', false],
  ['status=413&type=request_too_large', 'upstream_refused', false],
];

httpUpstreamContract(test, {
  upstream: () => upstream,
  impatient: () => impatient,
  abandoned: () => mock.abandoned(),
  failures,
  telling: /secret|mock|127\.0\.0\.1|anthropic|claude|credit/i,
});

translatedUpstreamContract(test, {
  upstream: () => upstream,
  impatient: () => impatient,
  firstOfCall: () => ({ index: 0, id: 'toolu_01', function: { name: 'get_weather' } }),
});

const read = (model: string, more: Json = {}) => readChat(upstream, model, more);

test('the key goes out as Anthropic wants it, and the output limit with every request', async (t) => {
  await read('headers', { temperature: 0, extra: null });
  const sent = mock.asked.find(({ model }) => model === 'headers');
  t.like(sent?.headers, { 'x-api-key': 'sk-ant-secret', 'anthropic-version': '2023-06-01' });
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

import test from 'ava';
import type { Json } from '../../../src/adapters/llm/upstream.ts';
import { usageFrom } from '../../../src/adapters/llm/usage.ts';
import { readChat } from '../../support/asking.ts';
import type { MockGemini } from '../../support/mock-gemini.ts';
import { startMockGemini } from '../../support/mock-gemini.ts';
import { toGemini } from '../../support/upstreams-at.ts';
import type { Failure } from './http-upstream.contract.ts';
import { httpUpstreamContract } from './http-upstream.contract.ts';
import { translatedUpstreamContract } from './translated-upstream.contract.ts';
import { upstreamContract } from './upstream.contract.ts';

let mock: MockGemini;
let upstream: ReturnType<typeof toGemini>;
let impatient: ReturnType<typeof toGemini>;

test.before(async () => {
  mock = await startMockGemini();
  upstream = toGemini(mock.url);
  impatient = toGemini(`${mock.url}/`, 1_000);
});
test.after.always(async () => {
  await Promise.all([upstream.close(), impatient.close()]);
  await mock.close();
});

upstreamContract(test, {
  upstream: () => upstream,
  model: 'gemini?chunks=8',
  longModel: 'gemini?chunks=1000&delay=5',
});

const failures: readonly Failure[] = [
  ['status=503&error=UNAVAILABLE&message=The model is overloaded', 'upstream_failed', true],
  ['status=429&error=RESOURCE_EXHAUSTED', 'upstream_limited', true],
  ['status=401&error=UNAUTHENTICATED', 'upstream_failed', true],
  ['status=403&error=PERMISSION_DENIED', 'upstream_failed', true],
  ['status=404&error=NOT_FOUND', 'upstream_failed', true],
  ['status=400&error=INVALID_ARGUMENT&reason=API_KEY_INVALID', 'upstream_failed', true],
  ['status=400&error=FAILED_PRECONDITION', 'upstream_failed', true],
  [
    'status=400&error=INVALID_ARGUMENT&message=A gemini has no such part',
    'upstream_refused',
    false,
  ],
  ['finish=MALFORMED_FUNCTION_CALL', 'upstream_failed', true],
];

httpUpstreamContract(test, {
  upstream: () => upstream,
  impatient: () => impatient,
  abandoned: () => mock.abandoned(),
  failures,
  telling: /secret|mock|127\.0\.0\.1|gemini|google|api key/i,
});

translatedUpstreamContract(test, {
  upstream: () => upstream,
  impatient: () => impatient,
  firstOfCall: (args) => ({ index: 0, function: { name: 'get_weather', arguments: args } }),
});

const read = (model: string, more: Json = {}) => readChat(upstream, model, more);

test('the key goes out as Gemini wants it, and the output limit with every request', async (t) => {
  await read('models/headers', { temperature: 0, user: 'u-1', seed: 7 });
  const sent = mock.asked.find(({ model }) => model === 'headers');
  t.like(sent?.headers, { 'x-goog-api-key': 'AIza-secret' });
  t.is(sent?.headers.authorization, undefined);
  t.deepEqual(sent?.generationConfig, { maxOutputTokens: 100, temperature: 0, seed: 7 });
  await read('tunedModels/ours', { stream: true });
  t.is(mock.asked.filter(({ model }) => model === 'ours').length, 1);
});

for (const stream of [false, true]) {
  const usageOf = async (model: string) => {
    const said = await read(model, { stream });
    return usageFrom(said.at(-1)?.usage);
  };
  test(`what is cached is part of the prompt, what tools read is not, stream ${stream}`, async (t) => {
    t.deepEqual(await usageOf('m?input=100&cached=40&read=7&output=9'), {
      input: 67,
      cachedInput: 40,
      output: 9,
      reasoning: 0,
    });
  });
  test(`thoughts stand beside what is said, stream ${stream}`, async (t) => {
    const usage = await usageOf('m?thinking=3&chunks=2');
    t.deepEqual(usage, { input: 10, cachedInput: 0, output: 2, reasoning: 3 });
  });
  test(`a refused prompt is an answer without a word, and counts, stream ${stream}`, async (t) => {
    const said = await read('m?blocked=PROHIBITED_CONTENT&output=0', { stream });
    const choices = JSON.parse(JSON.stringify(said.map((each) => each.choices))).flat();
    t.is(choices.length, 1);
    t.like(choices[0], { index: 0, finish_reason: 'content_filter' });
    t.is(usageFrom(said.at(-1)?.usage)?.input, 10);
  });
  test(`each token’s probability is told to who asks, stream ${stream}`, async (t) => {
    const said = await read('m?text=né', { stream, logprobs: true, top_logprobs: 1 });
    const token = { token: 'né', logprob: -0.5, bytes: [110, 195, 169] };
    const told = said
      .flatMap(({ choices }): Json[] => (Array.isArray(choices) ? choices : []))
      .flatMap(({ logprobs }) => logprobs ?? []);
    t.deepEqual(told, [
      { content: [{ ...token, top_logprobs: [token] }], refusal: null },
    ] as unknown[]);
  });
}

const weather = '{"city":"Paris","unit":"celsius"}';

test('a whole answer has its text, thoughts and calls', async (t) => {
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
          tool_calls: [
            {
              id: 'fc_01',
              type: 'function',
              function: { name: 'get_weather', arguments: weather },
              extra_content: { thought_signature: 'c2lnbmVk' },
            },
          ],
        },
      },
    ],
  });
});

for (const stream of [false, true]) {
  test(`calls at once that came without ids have some, and no two the same, stream ${stream}`, async (t) => {
    const said = await read('m?tool=twice', { stream });
    const choices: { delta?: Json; message?: Json }[] = JSON.parse(
      JSON.stringify(said.flatMap((each) => each.choices)),
    );
    const calls = choices
      .flatMap(({ delta, message = delta }) => message?.tool_calls ?? [])
      .map((call) => JSON.parse(JSON.stringify(call)));
    t.deepEqual(
      calls.map((call) => call.function.arguments),
      [weather, '{"city":"Rome"}'],
    );
    for (const { id } of calls) t.regex(id, /^call_[0-9a-f]{32}$/);
    t.not(calls[0].id, calls[1].id);
    t.truthy(calls[0].extra_content);
    t.falsy(calls[1].extra_content);
    if (stream) {
      t.deepEqual(
        calls.map(({ index }) => index),
        [0, 1],
      );
    }
  });
}

for (const [finish, expected] of [
  ['STOP', 'stop'],
  ['MAX_TOKENS', 'length'],
  ['SAFETY', 'content_filter'],
  ['RECITATION', 'content_filter'],
  ['PROHIBITED_CONTENT', 'content_filter'],
  ['OTHER', 'stop'],
] as const) {
  test(`an answer that ends by ${finish} ends by ${expected}`, async (t) => {
    const choices = [{ finish_reason: expected }];
    t.like((await read(`m?finish=${finish}`))[0], { choices });
    t.like((await read(`m?finish=${finish}`, { stream: true })).at(-2), { choices });
  });
}

import test from 'ava';
import { usageAsOpenAi, usageFrom } from '../../../src/adapters/llm/usage.ts';
import type { Usage } from '../../../src/domain/price-list/usage.ts';

const usage = (input: number, cachedInput: number, output: number, reasoning: number) => ({
  input,
  cachedInput,
  output,
  reasoning,
});

const golden: readonly [string, unknown, Usage | undefined][] = [
  [
    'plain totals',
    { prompt_tokens: 9, completion_tokens: 12, total_tokens: 21 },
    usage(9, 0, 12, 0),
  ],
  [
    'cached and reasoning tokens are taken out of their totals',
    {
      prompt_tokens: 2006,
      completion_tokens: 300,
      total_tokens: 2306,
      prompt_tokens_details: { cached_tokens: 1920, audio_tokens: 0 },
      completion_tokens_details: { reasoning_tokens: 192, accepted_prediction_tokens: 0 },
    },
    usage(86, 1920, 108, 192),
  ],
  [
    'reasoning that a server leaves out of the completion',
    {
      prompt_tokens: 32,
      completion_tokens: 9,
      total_tokens: 135,
      completion_tokens_details: { reasoning_tokens: 94 },
    },
    usage(32, 0, 9, 94),
  ],
  [
    'a cache told beside the total',
    { prompt_tokens: 100, completion_tokens: 5, prompt_cache_hit_tokens: 64 },
    usage(36, 64, 5, 0),
  ],
  [
    'nulls where a detail does not apply',
    {
      prompt_tokens: 7,
      completion_tokens: 1,
      total_tokens: 8,
      prompt_tokens_details: null,
      completion_tokens_details: { reasoning_tokens: null },
    },
    usage(7, 0, 1, 0),
  ],
  [
    'what a cache took is taken out of the total',
    {
      prompt_tokens: 100,
      completion_tokens: 5,
      prompt_tokens_details: { cached_tokens: 30, cache_write_tokens: 20 },
    },
    { ...usage(50, 30, 5, 0), cacheWrite: 20 },
  ],
  ...(
    [
      ['in Qwen’s words', { cache_creation_input_tokens: 20, cache_type: 'ephemeral' }],
      [
        'in Qwen’s words, by how long it keeps',
        { cache_creation: { ephemeral_5m_input_tokens: 15, ephemeral_1h_input_tokens: 5 } },
      ],
      [
        'in all words, which say the same',
        {
          ...{ cache_write_tokens: 20, cache_creation_input_tokens: 20 },
          cache_creation: { ephemeral_5m_input_tokens: 20 },
        },
      ],
      ['beside words that nobody knows', { cache_write_tokens: 20, cache_creation: 'yes' }],
    ] as const
  ).map(([words, details]): [string, unknown, Usage] => [
    `what a cache took, ${words}`,
    {
      ...{ prompt_tokens: 100, completion_tokens: 5 },
      prompt_tokens_details: { cached_tokens: 30, ...details },
    },
    { ...usage(50, 30, 5, 0), cacheWrite: 20 },
  ]),
  [
    'more made of a cache than there was',
    {
      ...{ prompt_tokens: 40, completion_tokens: 5 },
      prompt_tokens_details: { cached_tokens: 30, cache_creation_input_tokens: 20 },
    },
    undefined,
  ],
  [
    'more in the cache than there was',
    {
      prompt_tokens: 40,
      completion_tokens: 5,
      prompt_tokens_details: { cached_tokens: 30, cache_write_tokens: 20 },
    },
    undefined,
  ],
  ['nothing', undefined, undefined],
  ['null', null, undefined],
  ['zeros', { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 }, undefined],
  ['a negative count', { prompt_tokens: -1, completion_tokens: 4 }, undefined],
  ['a fraction', { prompt_tokens: 1.5, completion_tokens: 4 }, undefined],
  ['a text', { prompt_tokens: '12', completion_tokens: 4 }, undefined],
  ['more than any call', { prompt_tokens: 4, completion_tokens: 1_000_000_001 }, undefined],
  ['a count past all integers', { prompt_tokens: 1e300, completion_tokens: 4 }, undefined],
  [
    'more cached than there was',
    { prompt_tokens: 5, completion_tokens: 4, prompt_tokens_details: { cached_tokens: 6 } },
    undefined,
  ],
  [
    'more reasoning than there was, and no total to explain it',
    { prompt_tokens: 5, completion_tokens: 4, completion_tokens_details: { reasoning_tokens: 9 } },
    undefined,
  ],
];

for (const [title, raw, expected] of golden) {
  test(`usage is normalised: ${title}`, (t) => {
    t.deepEqual(usageFrom(raw), expected);
  });
}

test('a usage written as OpenAI does is read back as it was', (t) => {
  const counted = usage(10, 20, 30, 40);
  t.deepEqual(usageFrom(usageAsOpenAi(counted)), counted);
});

import test from 'ava';
import fc from 'fast-check';
import { inputOf } from '../../../src/adapters/llm/input.ts';
import type { Picture } from '../../../src/adapters/llm/pictures.ts';
import { pictureTokens } from '../../../src/adapters/llm/pictures.ts';
import { familyOf } from '../../../src/adapters/llm/tokenizer.ts';
import {
  mostInputBound,
  mostInputTokens,
  predictedBound,
  wholeInputTokens,
} from '../../../src/adapters/llm/whole-input.ts';

const readerOf = (model: string) => ({ model, family: familyOf(model) });
const shown = (width: number, height: number): Picture => ({
  ...{ isLow: false, size: { width, height } },
});

/** As OpenAI's guide counts them. */
const counted: readonly (readonly [string, Picture, number])[] = [
  ['gpt-4o', shown(1_024, 1_024), 85 + 4 * 170],
  ['gpt-4o', shown(2_048, 4_096), 85 + 6 * 170],
  ['gpt-4o', { isLow: true, size: { width: 4_096, height: 8_192 } }, 85],
  ['gpt-4.1', shown(512, 512), 85 + 170],
  ['gpt-4o-mini', shown(512, 512), 2_833 + 5_667],
  ['openai/gpt-5', shown(512, 512), 70 + 140],
  ['o3', shown(100, 100), 75 + 150],
  ['o4-mini', shown(1_024, 1_024), Math.ceil(1_024 * 1.72)],
  ['gpt-4.1-mini', shown(1_800, 2_400), Math.ceil(1_536 * 1.62)],
  ['gpt-5-nano', shown(32, 33), Math.ceil(2 * 2.46)],
];
for (const [model, picture, tokens] of counted) {
  test(`${model} counts ${JSON.stringify(picture)} as ${tokens}`, (t) => {
    t.is(pictureTokens(readerOf(model), [picture], 'most'), tokens);
    t.is(pictureTokens(readerOf(model), [picture, picture], 'usual'), 2 * tokens);
  });
}

const Size = fc.record({
  width: fc.integer({ min: 1, max: 20_000 }),
  height: fc.integer({ min: 1, max: 20_000 }),
});
const Model = fc.constantFrom('gpt-4o', 'gpt-4o-mini', 'gpt-5', 'gpt-5-nano', 'o1', 'qwen-vl-max');

test('a picture whose size nobody knows is bound by the largest that there is', (t) => {
  fc.assert(
    fc.property(Model, Size, fc.boolean(), (model, size, isLow) => {
      const bound = pictureTokens(readerOf(model), [{ isLow, size: undefined }], 'most');
      t.true(bound >= pictureTokens(readerOf(model), [{ isLow, size }], 'most'));
      t.true(bound >= pictureTokens(readerOf(model), [{ isLow, size: undefined }], 'usual'));
    }),
  );
});

const seen = (url: string, more: object = {}) => ({
  messages: [
    {
      role: 'user',
      content: [
        { type: 'text', text: 'What is it?' },
        { type: 'image_url', image_url: { url, ...more } },
      ],
    },
  ],
});

test('a picture is input as its ceiling, not as the text of its address', async (t) => {
  const bare = inputOf({ messages: [{ role: 'user', content: 'What is it?' }] });
  const far = inputOf(seen('https://example.com/a.png'));
  const inside = inputOf(seen(`data:image/gif;base64,${'AAAA'.repeat(100_000)}`));
  const [gpt, qwen] = [readerOf('gpt-4o'), readerOf('qwen-vl-max')];
  t.is((await mostInputBound([gpt], far)) - (await mostInputBound([gpt], bare)), 85 + 8 * 170);
  t.is((await mostInputBound([qwen], far)) - (await mostInputBound([qwen], bare)), 16_384);
  t.is(await mostInputBound([gpt, qwen], far), await mostInputBound([gpt, qwen], inside));
  t.is(
    (await wholeInputTokens(gpt, far)) - (await wholeInputTokens(gpt, bare)),
    85 + 4 * 170,
    'one of the usual size, where nobody counts it for us',
  );
  t.is(await mostInputTokens([gpt, qwen], far), await wholeInputTokens(qwen, far));
});

test('a picture that is looked at in small counts so', async (t) => {
  const low = inputOf(seen('https://example.com/a.png', { detail: 'low' }));
  const high = inputOf(seen('https://example.com/a.png', { detail: 'high' }));
  const reader = readerOf('gpt-4o');
  t.is((await mostInputBound([reader], high)) - (await mostInputBound([reader], low)), 8 * 170);
});

test('text that stands in a picture’s part counts as text', (t) => {
  const { texts } = inputOf({
    messages: [
      {
        role: 'user',
        content: [{ type: 'image_url', image_url: { url: 'https://x.example' }, text: 'hidden' }],
      },
    ],
  });
  t.deepEqual(texts, ['hidden']);
});

test('what is predicted is no input, and bounds more output than is written', async (t) => {
  const messages = [{ role: 'user', content: 'Again, with feeling.' }];
  const text = 'The quick brown fox jumps over the lazy dog. '.repeat(50);
  const bare = inputOf({ messages });
  const reader = readerOf('gpt-4o');
  for (const content of [text, [{ type: 'text', text }]]) {
    const predicting = inputOf({ messages, prediction: { type: 'content', content } });
    t.is(await mostInputBound([reader], predicting), await mostInputBound([reader], bare));
    t.true((await predictedBound([reader], predicting)) > 500);
  }
  t.is(await predictedBound([reader], bare), 0);
});

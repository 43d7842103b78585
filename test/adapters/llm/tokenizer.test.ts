import test from 'ava';
import fc from 'fast-check';
import { CallFault } from '../../../src/adapters/llm/call-fault.ts';
import { inputOf } from '../../../src/adapters/llm/input.ts';
import { inputBound, inputTokens } from '../../../src/adapters/llm/input-tokens.ts';
import type { Family } from '../../../src/adapters/llm/tokenizer.ts';
import { countTokens, familyOf, tokensAtMost } from '../../../src/adapters/llm/tokenizer.ts';

const Text = fc.oneof(
  fc.lorem({ maxCount: 30 }),
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc.string({ unit: fc.constantFrom('a', ' ', '你', '好', '👋', '<|endoftext|>'), maxLength: 300 }),
);
const families: readonly Family[] = ['o200k_base', 'cl100k_base', 'sandbox', 'unknown'];

for (const family of families) {
  test(`the bound of ${family} is never below what is counted`, async (t) => {
    await fc.assert(
      fc.asyncProperty(fc.array(Text, { minLength: 1, maxLength: 4 }), async (texts) => {
        const messages = texts.map((content) => ({ role: 'user', content }));
        const input = inputOf({ model: 'any', messages });
        t.true((await inputBound(family, input)) >= (await inputTokens(family, input)));
      }),
      { numRuns: 50 },
    );
  });
}

test('without a family the bytes bound what any byte-pair vocabulary counts', async (t) => {
  await fc.assert(
    fc.asyncProperty(Text, async (text) => {
      const input = inputOf({ messages: [{ role: 'user', content: text }] });
      const bound = await inputBound('unknown', input);
      t.true(bound >= (await inputTokens('o200k_base', input)));
      t.true(bound >= (await inputTokens('cl100k_base', input)));
    }),
    { numRuns: 100 },
  );
});

test('a long text costs about what it costs in slices', async (t) => {
  const text = 'The quick brown fox jumps over the lazy dog. '.repeat(2_000);
  const [whole, parts] = await Promise.all([
    countTokens('o200k_base', [text]),
    countTokens('o200k_base', text.match(/.{1,45}/g) ?? []),
  ]);
  t.true(Math.abs(whole - parts) < parts * 0.1, `${whole} against ${parts}`);
});

for (const [what, text] of Object.entries({
  letters: 'qzxjkvwp'.repeat(512),
  signs: '👨‍👩‍👧‍👦'.repeat(400).slice(0, 4_096),
})) {
  test(`an endless word is bound by its bytes, as counting it would be dear: ${what}`, async (t) => {
    const bytes = Buffer.byteLength(text);
    t.is(await tokensAtMost('o200k_base', [text]), bytes);
    t.true((await countTokens('o200k_base', [text])) <= bytes);
    const spoken = 'The quick brown fox, 敏捷的棕色狐狸。'.repeat(100);
    t.is(await tokensAtMost('o200k_base', [spoken]), await countTokens('o200k_base', [spoken]));
  });
}

test('models of a vendor are known by their names', (t) => {
  const names = ['gpt-4o-mini', 'openai/gpt-4.1', 'o3', 'gpt-4-turbo', 'gpt-3.5-turbo', 'qwen-max'];
  t.deepEqual(names.map(familyOf), [
    'o200k_base',
    'o200k_base',
    'o200k_base',
    'cl100k_base',
    'cl100k_base',
    'unknown',
  ]);
});

const question = { role: 'user', content: 'Hello' };

test('whatever becomes input counts: tools, formats, tool calls, names, unknown fields', async (t) => {
  const bare = await inputBound('o200k_base', inputOf({ messages: [question] }));
  const long = 'a rather long description of something '.repeat(20);
  const more = [
    { messages: [question], tools: [{ type: 'function', function: { name: 'f', long } }] },
    { messages: [question], functions: [{ name: 'f', description: long }] },
    { messages: [question], response_format: { type: 'json_schema', json_schema: { long } } },
    { messages: [question], documents: [long] },
    { messages: [{ ...question, name: long }] },
    {
      messages: [question, { role: 'assistant', tool_calls: [{ function: { arguments: long } }] }],
    },
    { messages: [{ role: 'user', content: [{ type: 'text', text: long }] }] },
  ];
  for (const body of more) t.true((await inputBound('o200k_base', inputOf(body))) > bare + 100);
});

const parts = [
  { type: 'image_url', image_url: { url: 'a long text in the place of an address' } },
  { type: 'image_url', image_url: 'https://example.com/a.png' },
  { type: 'input_audio', input_audio: { data: '', format: 'wav' } },
  { type: 'file', file: { file_id: 'file-1' } },
  { type: 'something_new', text: 7 },
];
const unbounded = [
  ...parts.map((part) => ({
    body: { messages: [{ role: 'user', content: [part] }] },
    param: 'messages[0].content[0]',
  })),
  { body: { messages: [question], modalities: ['text', 'video'] }, param: 'modalities' },
  { body: { messages: [question], modalities: 'audio' }, param: 'modalities' },
  { body: { messages: [question], prediction: { type: 'new' } }, param: 'prediction' },
  {
    body: { messages: [question], prediction: { type: 'content', content: [{ type: 'file' }] } },
    param: 'prediction.content[0]',
  },
  {
    body: {
      messages: [question],
      prediction: {
        type: 'content',
        content: [{ type: 'image_url', image_url: { url: 'https://example.com/a.png' } }],
      },
    },
    param: 'prediction.content',
  },
  { body: { messages: [question], plugins: [{ id: 'web' }] }, param: 'plugins' },
  { body: { messages: [question], models: ['a-dearer-one'] }, param: 'models' },
  { body: { messages: [question], fallbacks: ['a-dearer-one'] }, param: 'fallbacks' },
  { body: { messages: [question], provider: { order: ['a-dearer-one'] } }, param: 'provider' },
  { body: { messages: [question], service_tier: 'priority' }, param: 'service_tier' },
  { body: { messages: [question], service_tier: ['flex'] }, param: 'service_tier' },
  { body: { messages: [question], enable_search: true }, param: 'enable_search' },
  {
    body: { messages: [question], tools: [{ type: 'function' }, { type: 'web_search' }] },
    param: 'tools[1]',
  },
  {
    body: { messages: [{ role: 'assistant', audio: { id: 'audio_1' } }] },
    param: 'messages[0].audio',
  },
];

test('a tier that is no dearer than the price is no matter', (t) => {
  for (const tier of ['auto', 'default', 'flex', null]) {
    t.notThrows(() => inputOf({ messages: [question], service_tier: tier }));
  }
});

test('a wish for none of it is no wish', (t) => {
  t.notThrows(() => inputOf({ messages: [question], enable_search: false, prediction: null }));
});

for (const { body, param } of unbounded) {
  test(`what has no bound is refused: ${JSON.stringify(body).slice(0, 160)}`, (t) => {
    const fault = t.throws(() => inputOf(body), { instanceOf: CallFault });
    t.is(fault?.code, 'unsupported_input');
    t.is(fault?.param, param);
  });
}

test('a message has one of the known roles', (t) => {
  for (const role of ['system', 'developer', 'user', 'assistant', 'tool', 'function']) {
    t.notThrows(() => inputOf({ messages: [{ role, content: 'Hello' }] }));
  }
});

for (const role of [
  'a long text that nobody would pay for',
  'User',
  '',
  undefined,
  null,
  ['user'],
]) {
  test(`any other role is refused: ${JSON.stringify(role)}`, (t) => {
    const body = { messages: [question, { role, content: '' }] };
    const fault = t.throws(() => inputOf(body), { instanceOf: CallFault });
    t.is(fault?.code, 'unsupported_input');
    t.is(fault?.param, 'messages[1].role');
    t.regex(fault?.message ?? '', /must be one of system, developer, user,/);
  });
}

/** More than is counted in one turn. */
const book = 'It was a dark and stormy night. '.repeat(100_000);

test('what is counted for a client that goes is counted no further', async (t) => {
  for (const count of [countTokens, tokensAtMost]) {
    const client = new AbortController();
    const counted = count('o200k_base', [book], client.signal);
    client.abort();
    t.like(await t.throwsAsync(counted, { instanceOf: CallFault }), { code: 'client_closed' });
  }
});

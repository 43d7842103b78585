import test from 'ava';
import type { Json } from '../../../src/adapters/llm/upstream.ts';
import { responseWriter } from '../../../src/api/responses/response-events.ts';
import { headOf } from '../../../src/api/responses/response-object.ts';
import { ResponsesRequest } from '../../../src/api/responses/schemas.ts';
import { chatOf } from '../../../src/api/responses/to-chat.ts';

const plain = (value: unknown) => JSON.parse(JSON.stringify(value));
const parsed = (more: Json = {}) =>
  ResponsesRequest.parse({ model: 'demo', input: 'Hello', ...more });

/** The output of a stream of such deltas, and the types of its events. */
function written(deltas: readonly Json[], more: Json = {}, finish = 'stop') {
  const writer = responseWriter(headOf('01968f2e-8f3a-7abc-8def-0123456789ab', parsed(more)));
  const chunks: readonly Json[] = [
    ...deltas.map(({ logprobs, ...delta }) => ({ choices: [{ index: 0, delta, logprobs }] })),
    { choices: [{ index: 0, delta: {}, finish_reason: finish }] },
  ];
  const events = [...chunks.flatMap(writer.take), ...writer.end()];
  const { output } = plain(events.at(-1)?.response);
  return { events, output: output as readonly Json[] };
}

const piece = (index: number, text: string, more: Json = {}): Json => ({
  tool_calls: [{ index, ...more, function: { ...more, arguments: text } }],
});

test('a text behind a call is an item of its own', (t) => {
  const { output } = written([
    { content: 'One.' },
    piece(0, '{}', { id: 'c', name: 'f' }),
    { content: 'Two.' },
  ]);
  t.deepEqual(
    output.map(({ type }) => type),
    ['message', 'function_call', 'message'],
  );
  t.like(output[2], { content: [{ text: 'Two.' }] });
});

test('a call whose arguments are whole is told to be so when the next item begins', (t) => {
  const { events } = written([
    piece(0, '{"a":', { id: 'c0', name: 'f' }),
    piece(0, '1}'),
    piece(1, '{', { id: 'c1', name: 'g' }),
    piece(0, ' '),
    piece(1, '}'),
  ]);
  const told = events.map(({ type, output_index: index }) => `${type} ${index}`);
  t.true(
    told.indexOf('response.output_item.done 0') < told.indexOf('response.output_item.added 1'),
  );
  t.is(told.filter((each) => each === 'response.output_item.done 0').length, 1);
});

test('a call that is named late, or never, is still told, and one without an id gets one', (t) => {
  const { output } = written([
    piece(0, '{"a":'),
    piece(0, '1}', { name: 'f' }),
    piece(1, '{}', { id: 'own' }),
  ]);
  t.like(output, [
    { name: 'f', arguments: '{"a":1}', call_id: 'call_01968f2e8f3a7abc8def0123456789ab0' },
    { name: '', arguments: '{}', call_id: 'own' },
  ]);
});

const sealedThoughts: readonly Json[] = [
  { reasoning_content: 'Hm', reasoning_details: [{ text: 'Hm' }] },
  { reasoning_details: [{ signature: 'signed' }] },
  { reasoning_details: [{ data: 'sealed' }] },
  { reasoning: 'So', content: 'Yes.' },
];

test('thoughts are items, and what seals them is told to who asks, and taken back', (t) => {
  const bare = written(sealedThoughts).output;
  t.like(bare, [
    { type: 'reasoning', content: [{ type: 'reasoning_text', text: 'Hm' }] },
    { type: 'reasoning', content: [] },
    { type: 'reasoning', content: [{ text: 'So' }] },
    { type: 'message' },
  ]);
  t.true(bare.every((item) => !('encrypted_content' in item)));
  const include = ['reasoning.encrypted_content'];
  const { output } = written(sealedThoughts, { include });
  const { body, extended } = chatOf(parsed({ input: output }));
  t.true(extended);
  t.deepEqual(body.messages, [
    {
      role: 'assistant',
      content: 'Yes.',
      reasoning_content: 'So',
      reasoning_details: [
        { type: 'reasoning.text', text: 'Hm', signature: 'signed' },
        { type: 'reasoning.encrypted', data: 'sealed' },
      ],
    },
  ]);
});

test('a seal of another provider, or a broken one, is left out', (t) => {
  for (const encrypted_content of ['gAAAAB', 'thought.', 'thought.e30', 'thought.!']) {
    const item = { type: 'reasoning', id: 'rs_1', summary: [], encrypted_content };
    const { body, extended } = chatOf(parsed({ input: [item, { role: 'user', content: 'Go' }] }));
    t.false(extended);
    t.deepEqual(body.messages, [{ role: 'user', content: 'Go' }]);
  }
});

test('log probabilities come with the words', (t) => {
  const each = { token: 'a', logprob: -0.5, bytes: null, top_logprobs: [] };
  const { events, output } = written(
    ['a', 'a'].map((content) => ({ content, logprobs: { content: [each] } })),
  );
  const said = { ...each, bytes: [] };
  const deltas = events.filter(({ type }) => type === 'response.output_text.delta');
  t.deepEqual(plain(deltas.map(({ logprobs }) => logprobs)), [[said], [said]]);
  t.like(output, [{ content: [{ text: 'aa', logprobs: [said, said] }] }]);
});

test('what tools show stands behind all of their results', (t) => {
  const image = { type: 'input_image', image_url: 'https://example.com/a.png', detail: 'low' };
  const call = (id: string) => ({ type: 'function_call', call_id: id, name: 'f', arguments: '{}' });
  const result = (id: string, output: unknown) => ({
    ...{ type: 'function_call_output', call_id: id, output },
  });
  const { body } = chatOf(
    parsed({
      input: [
        ...[call('a'), call('b'), result('a', [{ type: 'input_text', text: 'See:' }, image])],
        result('b', 'Done.'),
        { type: 'message', role: 'assistant', content: 'I see.' },
      ],
    }),
  );
  t.like(body.messages, [
    { role: 'assistant', tool_calls: [{ id: 'a' }, { id: 'b' }] },
    { role: 'tool', tool_call_id: 'a', content: 'See:' },
    { role: 'tool', tool_call_id: 'b', content: 'Done.' },
    {
      role: 'user',
      content: [{ type: 'image_url', image_url: { url: image.image_url, detail: 'low' } }],
    },
    { role: 'assistant', content: 'I see.' },
  ]);
});

test('a charge that was asked for stands in the usage', (t) => {
  const writer = responseWriter(headOf('01968f2e-8f3a-7abc-8def-0123456789ab', parsed()));
  const usage = { prompt_tokens: 2, completion_tokens: 1, cost: '0.5', cost_currency: 'CNY' };
  t.like(writer.whole({ choices: [], usage }), {
    usage: { input_tokens: 2, output_tokens: 1, cost: '0.5', cost_currency: 'CNY' },
  });
});

test('an answer that says nothing has no items', (t) => {
  t.deepEqual(written([{ role: 'assistant', content: '' }]).output, []);
});

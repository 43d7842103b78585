import test from 'ava';
import type { Json } from '../../../src/adapters/llm/upstream.ts';
import { anthropicUsage, messageOf } from '../../../src/api/anthropic/from-chat.ts';
import { messageEvents } from '../../../src/api/anthropic/message-events.ts';
import { MessagesRequest } from '../../../src/api/anthropic/schemas.ts';
import { chatOf } from '../../../src/api/anthropic/to-chat.ts';
import { messageFrom } from '../../support/anthropic-messages.ts';

const head = { id: 'msg_1', model: 'demo' };

async function streamed(deltas: readonly Json[], finish = 'stop') {
  async function* chunks() {
    for (const delta of deltas) {
      yield await Promise.resolve([{ choices: [{ index: 0, delta, finish_reason: null }] }]);
    }
    yield [{ choices: [{ index: 0, delta: {}, finish_reason: finish }] }];
  }
  return messageFrom((await Array.fromAsync(messageEvents(chunks(), head))).flat());
}

const call = (index: number, more: Json, id?: string) => ({
  tool_calls: [{ index, ...(id ? { id, type: 'function' } : {}), function: more }],
});

test('calls that are written side by side come one behind the other, whole', async (t) => {
  const { content, stop_reason: reason } = await streamed(
    [
      { role: 'assistant', content: 'Let me see.' },
      call(0, { name: 'look', arguments: '' }, 'a'),
      call(1, { name: 'wait', arguments: '{"for' }, 'b'),
      call(0, { arguments: '{"at":' }),
      call(1, { arguments: '":2}' }),
      call(2, { name: 'stop', arguments: '{}' }, 'c'),
      call(0, { arguments: '1}' }),
    ],
    'tool_calls',
  );
  t.deepEqual(content, [
    { type: 'text', text: 'Let me see.' },
    { type: 'tool_use', id: 'a', name: 'look', input: { at: 1 } },
    { type: 'tool_use', id: 'b', name: 'wait', input: { for: 2 } },
    { type: 'tool_use', id: 'c', name: 'stop', input: {} },
  ]);
  t.is(reason, 'tool_use');
});

test('a call that never got its arguments is told all the same', async (t) => {
  const { content } = await streamed([
    call(0, { name: 'look' }, 'a'),
    call(1, { name: 'wait', arguments: '{}' }, 'b'),
  ]);
  t.deepEqual(
    content.map(({ type, ...rest }) => [type, JSON.stringify(rest)]),
    [
      ['tool_use', '{"id":"a","name":"look","input":{}}'],
      ['tool_use', '{"id":"b","name":"wait","input":{}}'],
    ],
  );
});

test('thoughts of any upstream are thinking, once, and unsigned where nobody signed them', async (t) => {
  const { content } = await streamed([
    { reasoning_content: 'h', reasoning: 'h' },
    { reasoning_content: 'm' },
    { content: 'Yes' },
  ]);
  const thought = { type: 'thinking', thinking: 'hm', signature: '' };
  t.deepEqual(content, [thought, { type: 'text', text: 'Yes' }]);
  const message = { role: 'assistant', content: 'Yes', reasoning: 'hm' };
  t.deepEqual(messageOf({ choices: [{ message }] }, head).content, [
    thought,
    { type: 'text', text: 'Yes' },
  ]);
});

for (const [finish, reason] of [
  ['stop', 'end_turn'],
  ['length', 'max_tokens'],
  ['tool_calls', 'tool_use'],
  ['function_call', 'tool_use'],
  ['content_filter', 'refusal'],
  ['something_new', 'end_turn'],
] as const) {
  test(`${finish} is ${reason}, whole and in a stream`, async (t) => {
    t.is((await streamed([{ content: 'x' }], finish)).stop_reason, reason);
    const choices = [{ message: { content: 'x' }, finish_reason: finish }];
    t.like(messageOf({ choices }, head), { stop_reason: reason });
  });
}

test('the input has neither what was read from a cache nor what was written into one', (t) => {
  const usage = (more: Json) =>
    anthropicUsage({ prompt_tokens: 100, completion_tokens: 9, ...more });
  const details = { cached_tokens: 40, cache_write_tokens: 7 };
  t.deepEqual(usage({ prompt_tokens_details: details }), {
    input_tokens: 53,
    cache_creation_input_tokens: 7,
    cache_read_input_tokens: 40,
    output_tokens: 9,
  });
  const thought = { total_tokens: 114, completion_tokens_details: { reasoning_tokens: 5 } };
  t.like(usage(thought), { output_tokens: 14 }, 'reasoning beside the completion');
  t.like(usage({ total_tokens: 114 }), { output_tokens: 9 }, 'what is charged, and no more');
  t.like(usage({ prompt_tokens_details: { cached_tokens: 400 } }), { input_tokens: 0 });
});

test('what a tool shows stands behind its result, where any model can see it', (t) => {
  const image = { type: 'image', source: { type: 'url', url: 'https://example.com/a.png' } };
  const inline = {
    type: 'image',
    source: { type: 'base64', media_type: 'image/png', data: 'AAAA' },
  };
  const request = MessagesRequest.parse({
    model: 'demo',
    max_tokens: 5,
    messages: [
      { role: 'assistant', content: [{ type: 'tool_use', id: 'a', name: 'look', input: {} }] },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'And?' },
          {
            type: 'tool_result',
            tool_use_id: 'a',
            content: [{ type: 'text', text: 'seen' }, image],
          },
          inline,
        ],
      },
    ],
  });
  t.deepEqual(JSON.parse(JSON.stringify(chatOf(request).messages)).slice(1), [
    { role: 'tool', tool_call_id: 'a', content: 'seen' },
    {
      role: 'user',
      content: [
        { type: 'image_url', image_url: { url: 'https://example.com/a.png' } },
        { type: 'text', text: 'And?' },
        { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } },
      ],
    },
  ]);
});

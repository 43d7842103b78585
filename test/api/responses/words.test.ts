import test from 'ava';
import type { Json } from '../../../src/adapters/llm/upstream.ts';
import { OpenAiError } from '../../../src/api/error-schemas.ts';
import { assertMatches, mismatches } from '../../openai/schemas.ts';
import type { PaidMock } from '../../support/paid-mock.ts';
import { paidMock } from '../../support/paid-mock.ts';
import { jsonHeaders, serveV1 } from '../../support/v1-server.ts';

let upstream: PaidMock;
test.before(async () => {
  upstream = await paidMock();
  // Takes a while, in which connections would be given up.
  mismatches('Response', {});
});
test.after.always(() => upstream.close());

const post = (url: string, more: Json) =>
  fetch(`${url}/v1/responses`, {
    method: 'POST',
    headers: jsonHeaders,
    body: JSON.stringify({ model: 'demo', input: 'Hello', ...more }),
  });

const file = {
  type: 'input_file',
  filename: 'a.pdf',
  file_data: 'data:application/pdf;base64,QQ==',
};
const custom = { type: 'custom_tool_call', call_id: 'c', name: 'f' };
const wrong: readonly [Json, string][] = [
  [{ max_output_tokens: 0 }, 'max_output_tokens'],
  [{ temperature: 3 }, 'temperature'],
  [{ input: [] }, 'input'],
  [{ input: [{ role: 'tool', content: 'x' }] }, 'input[0].role'],
  [{ input: [{ role: 'user', content: [{ type: 'input_audio' }] }] }, 'input[0].content[0].type'],
  [{ input: [custom] }, 'input[0].input'],
  [{ text: { format: { type: 'yaml' } } }, 'text.format.type'],
  // Nothing is kept.
  [{ previous_response_id: 'resp_1' }, 'previous_response_id'],
  [{ conversation: 'conv_1' }, 'conversation'],
  [{ prompt: { id: 'pmpt_1' } }, 'prompt'],
  [{ background: true }, 'background'],
  [{ input: [{ type: 'item_reference', id: 'msg_1' }] }, 'input[0]'],
  [{ input: [{ id: 'msg_1' }] }, 'input[0]'],
  [
    { input: [{ role: 'user', content: [{ type: 'input_file', file_id: 'f' }] }] },
    'input[0].content[0].file_id',
  ],
  [
    { input: [{ role: 'user', content: [{ type: 'input_image', file_id: 'f' }] }] },
    'input[0].content[0].file_id',
  ],
  // Nothing bounds what it costs.
  [{ tools: [{ type: 'web_search' }] }, 'tools[0]'],
  [
    {
      tools: [
        { type: 'function', name: 'f' },
        { type: 'mcp', server_label: 'm' },
      ],
    },
    'tools[1]',
  ],
  [{ tools: [{ type: 'function', name: 'f' }], tool_choice: { type: 'mcp' } }, 'tool_choice'],
  [{ input: [{ type: 'web_search_call', id: 'ws_1', status: 'completed' }] }, 'input[0]'],
  [{ reasoning: { mode: 'pro' } }, 'reasoning.mode'],
  [{ context_management: [{ type: 'compaction' }] }, 'context_management'],
  [{ moderation: { model: 'omni' } }, 'moderation'],
  [{ service_tier: 'priority' }, 'service_tier'],
  [
    {
      input: [
        { role: 'user', content: 'See:' },
        { role: 'user', content: [file] },
      ],
    },
    'input[1].content[0]',
  ],
  [
    { input: [{ role: 'user', content: [{ type: 'input_file', file_url: 'https://a.b/c' }] }] },
    'input[0].content[0].file_url',
  ],
  // It has another name here.
  [{ messages: [{ role: 'user', content: 'x' }] }, 'messages'],
  [{ n: 2 }, 'n'],
  [{ max_tokens: 5 }, 'max_tokens'],
  [{ web_search_options: {} }, 'web_search_options'],
  // Its sound would be paid for, and shown to nobody.
  [{ modalities: ['text', 'audio'], audio: { voice: 'alloy', format: 'wav' } }, 'modalities'],
  [{ response_format: { type: 'json_object' } }, 'response_format'],
  // It lacks something.
  [{ tools: [{ type: 'function' }] }, 'tools[0].name'],
  [
    { tools: [{ type: 'function', name: 'f' }], tool_choice: { type: 'function' } },
    'tool_choice.name',
  ],
  [
    { input: [{ role: 'user', content: [{ type: 'input_image' }] }] },
    'input[0].content[0].image_url',
  ],
  [
    { input: [{ role: 'user', content: [{ type: 'input_file' }] }] },
    'input[0].content[0].file_data',
  ],
];

test('what is wrong, or can be neither kept nor bounded, is refused by its own name and holds nothing', async (t) => {
  const calls = await upstream.on('gpt-4o');
  const url = await serveV1(t, calls);
  for (const [more, param] of wrong) {
    const response = await post(url, more);
    t.is(response.status, 400, JSON.stringify(more));
    const { error } = OpenAiError.parse(await response.json());
    t.is(error.param, param, JSON.stringify(more));
    t.true(error.message.includes(param), error.message);
  }
  t.false(calls.log.events.some(({ type }) => type === 'CreditReserved'));
});

test('what asks for nothing, or for what is not done here at all, is left out', async (t) => {
  const calls = await upstream.on('gpt-4o?chunks=2');
  const response = await post(await serveV1(t, calls), {
    ...{ previous_response_id: null, conversation: null, background: false, prompt: null },
    ...{ include: [], stream_options: { include_obfuscation: false }, max_tool_calls: 3 },
    ...{ prompt_cache_options: { ttl: '1h', mode: 'auto' }, tools: [], tool_choice: 'auto' },
    ...{ parallel_tool_calls: true, reasoning: { summary: 'auto' }, service_tier: 'auto' },
  });
  t.is(response.status, 200);
  assertMatches('Response', await response.json());
  const { model: _, ...sent } = upstream.mock.asked.findLast(
    ({ model }) => model === 'gpt-4o?chunks=2',
  ) ?? { model: '' };
  t.deepEqual(sent, {
    messages: [{ role: 'user', content: 'Hello' }],
    max_tokens: 64,
    service_tier: 'auto',
  });
});

test('wishes of a Responses request are a chat request’s', async (t) => {
  const calls = await upstream.on('gpt-4o?chunks=1');
  const schema = { type: 'object', properties: {} };
  const response = await post(await serveV1(t, calls), {
    ...{ temperature: 0.5, top_p: 0.9, top_logprobs: 2, user: 'me', prompt_cache_key: 'k' },
    ...{ reasoning: { effort: 'low' }, parallel_tool_calls: false, seed: 7 },
    text: {
      verbosity: 'low',
      format: { type: 'json_schema', name: 'answer', schema, strict: true },
    },
    tools: [
      { type: 'function', name: 'look', parameters: schema, strict: true, description: 'Looks.' },
      {
        type: 'custom',
        name: 'write',
        format: { type: 'grammar', syntax: 'regex', definition: 'a+' },
      },
    ],
    tool_choice: {
      type: 'allowed_tools',
      mode: 'required',
      tools: [{ type: 'function', name: 'look' }],
    },
  });
  assertMatches('Response', await response.json());
  t.like(
    upstream.mock.asked.findLast(({ model }) => model === 'gpt-4o?chunks=1'),
    {
      ...{ temperature: 0.5, top_p: 0.9, logprobs: true, top_logprobs: 2, user: 'me' },
      ...{ prompt_cache_key: 'k', reasoning_effort: 'low', parallel_tool_calls: false, seed: 7 },
      verbosity: 'low',
      response_format: {
        type: 'json_schema',
        json_schema: { name: 'answer', schema, strict: true },
      },
      tools: [
        {
          type: 'function',
          function: { name: 'look', parameters: schema, strict: true, description: 'Looks.' },
        },
        {
          type: 'custom',
          custom: {
            name: 'write',
            format: { type: 'grammar', grammar: { syntax: 'regex', definition: 'a+' } },
          },
        },
      ],
      tool_choice: {
        type: 'allowed_tools',
        allowed_tools: {
          mode: 'required',
          tools: [{ type: 'function', function: { name: 'look' } }],
        },
      },
    },
  );
});

import test from 'ava';
import {
  anthropicRequest,
  omittedByAnthropic,
} from '../../../src/adapters/llm/anthropic-request.ts';
import { CallFault } from '../../../src/adapters/llm/call-fault.ts';
import type { Json } from '../../../src/adapters/llm/upstream.ts';
import { aPdf, aSound, aText, dataUrl } from '../../support/paid-calls.ts';

const hello = { role: 'user', content: 'Hello' };
const { signal } = new AbortController();
const asked = (body: Json, { model = 'claude-opus-4-6', maxOutput = 4_096 } = {}) =>
  JSON.parse(
    JSON.stringify(
      anthropicRequest({
        endpoint: 'chat',
        model,
        body: { messages: [hello], ...body },
        stream: true,
        maxOutput,
        signal,
      }),
    ),
  );

test('a bare request has a model, a limit and its turns', (t) => {
  t.deepEqual(asked({ max_tokens: 7, max_completion_tokens: 9, stream_options: {} }), {
    model: 'claude-opus-4-6',
    max_tokens: 4_096,
    stream: true,
    messages: [{ role: 'user', content: [{ type: 'text', text: 'Hello' }] }],
  });
});

test('system and developer stand outside, neighbours are one turn, empty texts are none', (t) => {
  const { system, messages } = asked({
    messages: [
      { role: 'system', content: 'Be brief.' },
      hello,
      {
        role: 'user',
        content: [
          { type: 'text', text: '' },
          { type: 'text', text: 'you' },
        ],
      },
      { role: 'assistant', content: '' },
      { role: 'developer', content: 'Be kind.' },
    ],
  });
  t.deepEqual(system, [
    { type: 'text', text: 'Be brief.' },
    { type: 'text', text: 'Be kind.' },
  ]);
  t.deepEqual(messages, [
    {
      role: 'user',
      content: [
        { type: 'text', text: 'Hello' },
        { type: 'text', text: 'you' },
      ],
    },
  ]);
});

test('results of tools are one turn of the user’s, before what the user says', (t) => {
  const call = (id: string, text: string) => ({
    id,
    type: 'function',
    function: { name: 'look', arguments: text },
  });
  const { messages } = asked({
    messages: [
      hello,
      { role: 'assistant', content: null, tool_calls: [call('a:1', '{"x":1}'), call('b', '')] },
      { role: 'tool', tool_call_id: 'a:1', content: 'one' },
      { role: 'tool', tool_call_id: 'b', content: [{ type: 'text', text: 'two' }] },
      { role: 'user', content: 'So?' },
    ],
  });
  t.deepEqual(messages.slice(1), [
    {
      role: 'assistant',
      content: [
        { type: 'tool_use', id: 'a_1', name: 'look', input: { x: 1 } },
        { type: 'tool_use', id: 'b', name: 'look', input: {} },
      ],
    },
    {
      role: 'user',
      content: [
        { type: 'tool_result', tool_use_id: 'a_1', content: [{ type: 'text', text: 'one' }] },
        { type: 'tool_result', tool_use_id: 'b', content: [{ type: 'text', text: 'two' }] },
        { type: 'text', text: 'So?' },
      ],
    },
  ]);
});

test('images go inline or by their address', (t) => {
  const image = (url: string) => ({ type: 'image_url', image_url: { url } });
  const content = [image('data:image/png;base64,AAAA'), image('https://example.com/a.png')];
  const { messages } = asked({ messages: [{ role: 'user', content }] });
  t.deepEqual(messages[0].content, [
    { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AAAA' } },
    { type: 'image', source: { type: 'url', url: 'https://example.com/a.png' } },
  ]);
});

test('a cache keeps as long as is usual: an hour is written at a price of its own', (t) => {
  const cache_control = { type: 'ephemeral', ttl: '1h' };
  const body = asked({
    cache_control,
    tools: [{ type: 'function', function: { name: 'f' }, cache_control }],
    messages: [
      { role: 'user', content: [{ type: 'text', text: 'Hello', cache_control }] },
      { role: 'tool', tool_call_id: 'a', content: '4', cache_control },
    ],
  });
  t.is(JSON.stringify(body).match(/"cache_control":{"type":"ephemeral"}/g)?.length, 4);
});

test('only signed thoughts go back', (t) => {
  const thoughts = [
    { type: 'reasoning.text', text: 'hm', signature: 'c2ln' },
    { type: 'reasoning.text', text: 'unsigned' },
    { type: 'reasoning.encrypted', data: 'c2VhbA==' },
  ];
  const answer = { role: 'assistant', content: 'Yes', reasoning_details: thoughts };
  t.deepEqual(asked({ messages: [hello, answer] }).messages[1].content, [
    { type: 'thinking', thinking: 'hm', signature: 'c2ln' },
    { type: 'redacted_thinking', data: 'c2VhbA==' },
    { type: 'text', text: 'Yes' },
  ]);
});

test('sampling keeps to Anthropic’s range, and says nothing where it is the default', (t) => {
  t.like(asked({ temperature: 0.3, top_p: 0.9, top_k: 5, stop: 'END', user: 'u-1' }), {
    temperature: 0.3,
    top_p: 0.9,
    top_k: 5,
    stop_sequences: ['END'],
    metadata: { user_id: 'u-1' },
  });
  const {
    temperature,
    top_p: topP,
    stop_sequences: stops,
  } = asked({
    temperature: 1.7,
    top_p: 1,
    stop: ['', null].slice(0, 1),
  });
  t.deepEqual([temperature, topP, stops], [undefined, undefined, undefined]);
});

test('tools and the choice among them', (t) => {
  const parameters = { type: 'object', properties: { x: { type: 'number' } } };
  const tools = [
    { type: 'function', function: { name: 'look', description: 'Looks', parameters } },
    { type: 'function', function: { name: 'wait' } },
  ];
  t.deepEqual(asked({ tools }).tools, [
    { name: 'look', description: 'Looks', input_schema: parameters },
    { name: 'wait', input_schema: { type: 'object', properties: {} } },
  ]);
  const choice = (more: Json) => asked({ tools, ...more }).tool_choice;
  t.is(choice({}), undefined);
  t.deepEqual(choice({ tool_choice: 'auto' }), { type: 'auto' });
  t.deepEqual(choice({ tool_choice: 'none', parallel_tool_calls: false }), { type: 'none' });
  t.deepEqual(choice({ tool_choice: 'required' }), { type: 'any' });
  t.deepEqual(choice({ parallel_tool_calls: false }), {
    type: 'auto',
    disable_parallel_tool_use: true,
  });
  const one = { type: 'function', function: { name: 'look' } };
  t.deepEqual(choice({ tool_choice: one }), { type: 'tool', name: 'look' });
  t.is(asked({ tool_choice: 'auto' }).tool_choice, undefined);
});

test('effort is thinking: by itself, or within a budget where a model knows no other', (t) => {
  const effort = (level: string, options = {}) => {
    const { thinking, output_config: output } = asked({ reasoning_effort: level }, options);
    return { thinking, effort: output?.effort };
  };
  t.deepEqual(effort('high'), { thinking: { type: 'adaptive' }, effort: 'high' });
  t.deepEqual(effort('minimal'), { thinking: { type: 'adaptive' }, effort: 'low' });
  t.deepEqual(effort('none'), { thinking: { type: 'disabled' }, effort: undefined });
  const older = { model: 'claude-sonnet-4-5-20250929' };
  const budget = (budget_tokens: number) => ({ type: 'enabled', budget_tokens });
  t.deepEqual(effort('medium', older).thinking, budget(2_048));
  t.deepEqual(effort('low', { ...older, maxOutput: 1_100 }).thinking, budget(1_024));
  t.is(effort('high', { ...older, maxOutput: 1_000 }).thinking, undefined);
});

test('a budget that the paid output doesn’t hold is made smaller, and thinking takes no temperature', (t) => {
  const thinking = { type: 'enabled', budget_tokens: 10_000 };
  const { thinking: sent, temperature } = asked({ thinking, temperature: 0.2 });
  t.deepEqual(sent, { type: 'enabled', budget_tokens: 4_095 });
  t.is(temperature, undefined);
  t.is(asked({ thinking }, { maxOutput: 500 }).thinking, undefined);
});

test('an answer by a schema is asked for as Anthropic asks for it', (t) => {
  const schema = { type: 'object', properties: {} };
  const format = { type: 'json_schema', json_schema: { name: 'x', strict: true, schema } };
  t.deepEqual(asked({ response_format: format }).output_config, {
    format: { type: 'json_schema', schema },
  });
  t.is(asked({ response_format: { type: 'text' } }).output_config, undefined);
});

const beyond: readonly [Json, string][] = [
  [{ n: 2 }, 'n'],
  [{ functions: [{ name: 'old' }] }, 'functions'],
  [{ function_call: { name: 'old' } }, 'function_call'],
  [{ response_format: { type: 'grammar' } }, 'response_format'],
  [{ tools: [{ type: 'custom', custom: { name: 'grep' } }] }, 'tools[0]'],
  [{ messages: [{ role: 'function', content: 'x' }] }, 'messages[0].role'],
  [{ messages: [{ role: 'user', content: [aSound] }] }, 'messages[0].content[0]'],
  [{ modalities: ['text', 'audio'], audio: { voice: 'alloy', format: 'wav' } }, 'modalities'],
  [{ messages: [{ role: 'tool', content: 'x' }] }, 'messages[0].tool_call_id'],
];

for (const [body, param] of beyond) {
  test(`what Anthropic has no word for may be known to another: ${param}`, (t) => {
    const fault = t.throws(() => asked(body), { instanceOf: CallFault });
    t.like(fault, { code: 'unsupported_input', param, retryable: true, why: 'not_offered' });
  });
}

test('a wish for nothing is no wish', (t) => {
  const body = { n: 1, logprobs: false, presence_penalty: 0, logit_bias: {}, store: false };
  t.deepEqual(asked(body), asked({}));
  t.deepEqual(omittedByAnthropic(body), []);
});

test('what an answer is not changed by is left out, and named', (t) => {
  const steering = { presence_penalty: 0.5, frequency_penalty: -1, logit_bias: { 50256: -100 } };
  const hints = { seed: 7, store: true, metadata: { a: 'b' }, verbosity: 'low' };
  const unknown = { speed: 'fast', mcp_servers: [{ url: 'https://example.com' }] };
  const body = { ...steering, ...hints, ...unknown, logprobs: true, top_logprobs: 2 };
  t.deepEqual(asked(body), asked({}));
  t.deepEqual(omittedByAnthropic(body), Object.keys(body));
});

test('any JSON is for the messages to ask for; what is translated is not left out', (t) => {
  const anyJson = { response_format: { type: 'json_object' } };
  t.deepEqual(asked(anyJson), asked({}));
  t.deepEqual(omittedByAnthropic(anyJson), ['response_format']);
  const format = { type: 'json_schema', json_schema: { name: 'x', schema: { type: 'object' } } };
  const body = { temperature: 0.2, user: 'u-1', modalities: ['text'], response_format: format };
  t.deepEqual(omittedByAnthropic(body), []);
});

test('the arguments of a call that are no object are refused, and an image by another way', (t) => {
  const calls = [{ id: 'a', type: 'function', function: { name: 'x', arguments: '[1' } }];
  const bad = [
    [{ role: 'assistant', tool_calls: calls }, 'messages[0].tool_calls[0].function.arguments'],
    [
      { role: 'user', content: [{ type: 'image_url', image_url: { url: 'ftp://x/y' } }] },
      'messages[0].content[0].image_url.url',
    ],
  ] as const;
  for (const [message, param] of bad) {
    t.like(
      t.throws(() => asked({ messages: [message] })),
      { param },
    );
  }
});

test('files are documents, with their names as titles', (t) => {
  const cached = { cache_control: { type: 'ephemeral' } };
  const data = aPdf.file.file_data.slice('data:application/pdf;base64,'.length);
  const told = { type: 'base64', media_type: 'application/pdf', data };
  const text = { type: 'text', media_type: 'text/plain', data: ' word'.repeat(800) };
  const nameless = (file_data: string) => ({ type: 'file', file: { file_data, filename: '' } });
  const csv = nameless(dataUrl('text/csv', '你,好'));
  const { messages } = asked({
    messages: [{ role: 'user', content: [{ ...aPdf, ...cached }, aText, csv] }],
  });
  t.deepEqual(messages[0].content, [
    { type: 'document', source: told, title: 'report.pdf', ...cached },
    { type: 'document', source: text, title: 'notes.txt' },
    { type: 'document', source: { ...text, data: '你,好' } },
  ]);
});

test('what a tool answers may be a file', (t) => {
  const { messages } = asked({
    messages: [hello, { role: 'tool', tool_call_id: 'a', content: [aText] }],
  });
  t.like(messages[0].content[1], {
    ...{ type: 'tool_result', tool_use_id: 'a' },
    content: [{ type: 'document', title: 'notes.txt' }],
  });
});

test('a file of another kind is beyond the protocol, for another upstream to try', (t) => {
  for (const file_data of [dataUrl('audio/wav', 'x'), 'https://example.com/a.pdf']) {
    const content = [{ type: 'file', file: { file_data } }];
    const fault = t.throws(() => asked({ messages: [{ role: 'user', content }] }), {
      instanceOf: CallFault,
    });
    t.like(fault, { retryable: true, why: 'not_offered', param: 'messages[0].content[0]' });
  }
});

test('arguments of a call that are nested beyond all sense are refused', (t) => {
  const nested = `{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`;
  const calls = [{ id: 'call_1', type: 'function', function: { name: 'f', arguments: nested } }];
  const fault = t.throws(
    () => asked({ messages: [hello, { role: 'assistant', tool_calls: calls }] }),
    { instanceOf: CallFault },
  );
  t.is(fault.param, 'messages[1].tool_calls[0].function.arguments');
});

import test from 'ava';
import { CallFault } from '../../../src/adapters/llm/call-fault.ts';
import { geminiRequest, omittedByGemini } from '../../../src/adapters/llm/gemini-request.ts';
import type { Json } from '../../../src/adapters/llm/upstream.ts';
import { aPdf, aText, dataUrl } from '../../support/paid-calls.ts';

const hello = { role: 'user', content: 'Hello' };
const { signal } = new AbortController();
const asked = (body: Json, { model = 'gemini-2.5-flash', maxOutput = 4_096 } = {}) =>
  JSON.parse(
    JSON.stringify(
      geminiRequest({
        endpoint: 'chat',
        model,
        body: { messages: [hello], ...body },
        stream: true,
        maxOutput,
        signal,
      }),
    ),
  );
const config = (body: Json, options = {}) => asked(body, options).generationConfig;

test('a bare request has a limit and its turns', (t) => {
  t.deepEqual(asked({ max_tokens: 7, max_completion_tokens: 9, stream_options: {} }), {
    contents: [{ role: 'user', parts: [{ text: 'Hello' }] }],
    generationConfig: { maxOutputTokens: 4_096 },
  });
});

test('system and developer stand outside, neighbours are one turn, empty texts are none', (t) => {
  const { systemInstruction, contents } = asked({
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
      { role: 'assistant', content: 'Hi', refusal: 'No.' },
    ],
  });
  t.deepEqual(systemInstruction, { parts: [{ text: 'Be brief.' }, { text: 'Be kind.' }] });
  t.deepEqual(contents, [
    { role: 'user', parts: [{ text: 'Hello' }, { text: 'you' }] },
    { role: 'model', parts: [{ text: 'Hi' }, { text: 'No.' }] },
  ]);
});

const call = (id: string, text: string, more: object = {}) => ({
  id,
  type: 'function',
  function: { name: `look_${id}`, arguments: text },
  ...more,
});
const result = (id: string, content: unknown, more: object = {}) => ({
  role: 'tool',
  tool_call_id: id,
  content,
  ...more,
});

test('what tools answered is a turn of its own, in the order of the calls, by their names', (t) => {
  const { contents } = asked({
    messages: [
      hello,
      { role: 'assistant', content: null, tool_calls: [call('a', '{"x":1}'), call('b', '')] },
      result('b', [{ type: 'text', text: 'two' }], { is_error: true }),
      { role: 'user', content: 'So?' },
      result('a', '{"one":1}'),
    ],
  });
  t.deepEqual(contents.slice(1), [
    {
      role: 'model',
      parts: [
        { functionCall: { id: 'a', name: 'look_a', args: { x: 1 } } },
        { functionCall: { id: 'b', name: 'look_b', args: {} } },
      ],
    },
    {
      role: 'user',
      parts: [
        { functionResponse: { id: 'a', name: 'look_a', response: { output: '{"one":1}' } } },
        { functionResponse: { id: 'b', name: 'look_b', response: { error: 'two' } } },
      ],
    },
    { role: 'user', parts: [{ text: 'So?' }] },
  ]);
});

test('a call takes its signature back; one that nobody signed says so where it must', (t) => {
  const signaturesOf = (calls: readonly object[], model: string) =>
    asked(
      { messages: [hello, { role: 'assistant', tool_calls: calls }] },
      { model },
    ).contents[1].parts.map(({ thoughtSignature }: Json) => thoughtSignature);
  const signed = { extra_content: { thought_signature: 'c2ln' } };
  const elsewhere = { extra_content: { google: { thought_signature: 'c2ln' } } };
  for (const model of ['gemini-2.5-pro', 'gemini-3-pro-preview']) {
    for (const own of [signed, elsewhere]) {
      t.deepEqual(signaturesOf([call('a', '', own), call('b', '')], model), ['c2ln', undefined]);
    }
  }
  const plain = [call('a', ''), call('b', '')];
  t.deepEqual(signaturesOf(plain, 'gemini-2.5-pro'), [undefined, undefined]);
  const unsigned = ['skip_thought_signature_validator', undefined];
  t.deepEqual(signaturesOf(plain, 'gemini-3.1-pro'), unsigned);
  t.deepEqual(signaturesOf(plain, 'gemini-flash-latest'), unsigned);
});

test('images go inline', (t) => {
  const content = [{ type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } }];
  t.deepEqual(asked({ messages: [{ role: 'user', content }] }).contents[0].parts, [
    { inlineData: { mimeType: 'image/png', data: 'AAAA' } },
  ]);
});

test('sampling is said in Gemini’s words', (t) => {
  const wishes = {
    temperature: 1.7,
    top_p: 0.9,
    top_k: 5,
    presence_penalty: 0.5,
    frequency_penalty: -0.5,
    seed: 7,
    stop: 'END',
    n: 3,
    logprobs: true,
    top_logprobs: 2,
  };
  t.deepEqual(config(wishes), {
    maxOutputTokens: 4_096,
    temperature: 1.7,
    topP: 0.9,
    topK: 5,
    presencePenalty: 0.5,
    frequencyPenalty: -0.5,
    seed: 7,
    stopSequences: ['END'],
    candidateCount: 3,
    responseLogprobs: true,
    logprobs: 2,
  });
});

test('what an answer is not changed by is left out, and named', (t) => {
  const left = { logit_bias: { 50256: -100 }, speed: 'fast', user: 'u-1', store: true };
  const said = { seed: 7, frequency_penalty: 1, logprobs: true, response_format: { type: 'text' } };
  t.deepEqual(asked({ ...left, ...said }), asked(said));
  t.deepEqual(omittedByGemini({ ...left, ...said }), Object.keys(left));
});

test('a wish for nothing is no wish, and a hint may be left out', (t) => {
  const body = { n: 1, logprobs: false, top_logprobs: 2, stop: ['', null].slice(0, 1) };
  const more = { presence_penalty: 0, logit_bias: {}, store: true, seed: 2 ** 40, user: 'u-1' };
  t.deepEqual(asked({ ...body, ...more }), asked({}));
});

test('tools and the choice among them', (t) => {
  const parameters = { type: 'object', properties: { x: { type: 'number' } } };
  const tools = [
    { type: 'function', function: { name: 'look', description: 'Looks', parameters } },
    { type: 'function', function: { name: 'wait', strict: true } },
  ];
  t.deepEqual(asked({ tools }).tools, [
    {
      functionDeclarations: [
        { name: 'look', description: 'Looks', parametersJsonSchema: parameters },
        { name: 'wait' },
      ],
    },
  ]);
  const choice = (more: Json) => asked({ tools, ...more }).toolConfig?.functionCallingConfig;
  t.is(choice({ parallel_tool_calls: true }), undefined);
  t.deepEqual(choice({ tool_choice: 'auto' }), { mode: 'AUTO' });
  t.deepEqual(choice({ tool_choice: 'none', parallel_tool_calls: false }), { mode: 'NONE' });
  t.deepEqual(choice({ tool_choice: 'required' }), { mode: 'ANY' });
  const one = { type: 'function', function: { name: 'look' } };
  t.deepEqual(choice({ tool_choice: one }), { mode: 'ANY', allowedFunctionNames: ['look'] });
  t.is(asked({ tool_choice: 'auto', parallel_tool_calls: false }).toolConfig, undefined);
});

test('an answer in JSON is asked for, by a schema or without', (t) => {
  const schema = { type: 'object', properties: {} };
  const json = { responseMimeType: 'application/json' };
  const named = { type: 'json_schema', json_schema: { name: 'x', strict: true, schema } };
  t.like(config({ response_format: named }), { ...json, responseJsonSchema: schema });
  t.like(config({ output_config: { format: { type: 'json_schema', schema } } }), {
    ...json,
    responseJsonSchema: schema,
  });
  t.like(config({ response_format: { type: 'json_object' } }), json);
  t.is(config({ response_format: { type: 'text' } }).responseMimeType, undefined);
});

const thinking = (body: Json, model: string, maxOutput = 4_096) =>
  config(body, { model, maxOutput }).thinkingConfig;
const effort = (level: string) => ({ reasoning_effort: level });

test('effort is a budget within the paid output, or a level, as a model knows it', (t) => {
  const budget = (level: string, model: string, maxOutput?: number) =>
    thinking(effort(level), model, maxOutput)?.thinkingBudget;
  t.deepEqual(thinking(effort('medium'), 'gemini-2.5-flash'), {
    thinkingBudget: 2_048,
    includeThoughts: true,
  });
  t.is(budget('high', 'gemini-2.5-pro', 100_000), 32_768);
  t.is(budget('low', 'gemini-2.5-pro', 100), 128);
  t.is(budget('low', 'gemini-2.5-flash-lite', 100), 0);
  t.is(budget('none', 'gemini-2.5-flash'), 0);
  t.is(budget('none', 'gemini-2.5-pro'), 128);
  for (const [level, expected] of [
    ['none', 'low'],
    ['minimal', 'low'],
    ['low', 'low'],
    ['medium', 'medium'],
    ['high', 'high'],
    ['xhigh', 'high'],
  ] as const) {
    t.deepEqual(thinking(effort(level), 'gemini-3.1-pro-preview'), {
      thinkingLevel: expected,
      includeThoughts: level !== 'none',
    });
  }
  t.is(thinking({}, 'gemini-2.5-flash'), undefined);
  t.is(thinking(effort('high'), 'gemini-2.0-flash'), undefined);
});

test('thinking in Anthropic’s words is understood, too', (t) => {
  const model = 'gemini-2.5-flash';
  t.like(thinking({ thinking: { type: 'disabled' } }, model), { thinkingBudget: 0 });
  const enabled = { thinking: { type: 'enabled', budget_tokens: 2_000 } };
  t.like(thinking(enabled, model), { thinkingBudget: 1_024 });
  t.like(thinking(enabled, 'gemini-3-flash'), { thinkingLevel: 'low' });
});

const image = (url: string) => ({ type: 'image_url', image_url: { url } });
const said = (content: unknown) => ({ messages: [{ role: 'user', content }] });
const tools = [{ function: { name: 'look' } }];
test('a sound is shown as its bytes', (t) => {
  for (const format of ['wav', 'mp3']) {
    const heard = { type: 'input_audio', input_audio: { data: 'UklGRg==', format } };
    const { contents } = asked(said([{ type: 'text', text: 'What is said?' }, heard]));
    t.deepEqual(contents, [
      {
        role: 'user',
        parts: [
          { text: 'What is said?' },
          { inlineData: { mimeType: `audio/${format}`, data: 'UklGRg==' } },
        ],
      },
    ]);
  }
});

test('a file is shown as its bytes, by the types that Gemini has', (t) => {
  const json = { type: 'file', file: { file_data: dataUrl('application/json', '{}') } };
  const dataOf = (file: typeof aPdf) => file.file.file_data.split(',')[1];
  const { contents } = asked(said([aPdf, aText, json]));
  t.deepEqual(contents[0].parts, [
    { inlineData: { mimeType: 'application/pdf', data: dataOf(aPdf) } },
    { inlineData: { mimeType: 'text/plain', data: dataOf(aText) } },
    { inlineData: { mimeType: 'text/plain', data: 'e30=' } },
  ]);
});

const filed = (file_data: string) => ({ type: 'file', file: { file_data } });
const beyond: readonly [Json, string][] = [
  [{ n: 9 }, 'n'],
  [{ functions: [{ name: 'old' }] }, 'functions'],
  [{ tools: [{ type: 'custom', custom: { name: 'grep' } }] }, 'tools[0]'],
  [{ tools, parallel_tool_calls: false }, 'parallel_tool_calls'],
  [{ tools, tool_choice: { type: 'allowed_tools' } }, 'tool_choice'],
  [{ response_format: { type: 'grammar' } }, 'response_format'],
  [{ messages: [{ role: 'function', content: 'x' }] }, 'messages[0].role'],
  [said([{ type: 'input_audio' }]), 'messages[0].content[0]'],
  [{ ...said('Hello'), modalities: ['text', 'audio'] }, 'modalities'],
  [said([filed('https://example.com/a.pdf')]), 'messages[0].content[0]'],
  [said([filed('data:video/mp4;base64,AAAA')]), 'messages[0].content[0]'],
  [said([image('https://example.com/a.png')]), 'messages[0].content[0].image_url.url'],
  [said([image('data:image/gif;base64,AAAA')]), 'messages[0].content[0].image_url.url'],
  [{ messages: [result('none', 'x')] }, 'messages[0].tool_call_id'],
  [
    { messages: [{ role: 'assistant', tool_calls: [call('a', '[1')] }] },
    'messages[0].tool_calls[0].function.arguments',
  ],
  [
    {
      messages: [
        { role: 'assistant', tool_calls: [call('a', '{}')] },
        result('a', [image('data:image/png;base64,AAAA')]),
      ],
    },
    'messages[1].content[0]',
  ],
];

for (const [body, param] of beyond) {
  test(`what Gemini has no word for may be known to another: ${param} of ${JSON.stringify(body)}`, (t) => {
    const fault = t.throws(() => asked(body), { instanceOf: CallFault });
    t.like(fault, { code: 'unsupported_input', param, retryable: true, why: 'not_offered' });
  });
}

test('arguments of a call that are nested beyond all sense are refused', (t) => {
  const nested = `{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`;
  const calls = [{ id: 'call_1', type: 'function', function: { name: 'f', arguments: nested } }];
  const fault = t.throws(
    () => asked({ messages: [hello, { role: 'assistant', tool_calls: calls }] }),
    { instanceOf: CallFault },
  );
  t.is(fault.param, 'messages[1].tool_calls[0].function.arguments');
});

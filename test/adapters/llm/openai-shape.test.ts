import test from 'ava';
import { completeShape, completeUsage } from '../../../src/adapters/llm/openai-shape.ts';
import type { Json } from '../../../src/adapters/llm/upstream.ts';
import { mismatches } from '../../openai/schemas.ts';

const shaped = (answer: Json, { isChunk = false } = {}) => {
  const named: Json = { id: 'chatcmpl-1', model: 'demo', ...answer };
  completeShape(named, { isChunk, created: 1 });
  // As it is written: what is undefined is not.
  return JSON.parse(JSON.stringify(named));
};

test('a body as sparse servers write it becomes one of OpenAI’s', (t) => {
  const body = shaped({
    choices: [
      { message: { content: 'Hi' }, finish_reason: 'stop' },
      { message: { tool_calls: null, role: null, function_call: null }, finish_reason: 'length' },
    ],
  });
  t.deepEqual(mismatches('CreateChatCompletionResponse', body), []);
  t.like(body.choices[1], { index: 1, message: { role: 'assistant', content: null } });
});

test('a chunk as sparse servers write it becomes one of OpenAI’s', (t) => {
  for (const chunk of [
    { choices: [{ delta: { content: 'Hi', role: null, tool_calls: null } }] },
    { choices: [{ finish_reason: 'stop' }] },
    { choices: [] },
    { keep_alive: true },
  ]) {
    const said = shaped(chunk, { isChunk: true });
    t.deepEqual(mismatches('CreateChatCompletionStreamResponse', said), []);
  }
});

test('what an upstream says is not changed', (t) => {
  const said = {
    ...{ id: 'chatcmpl-1', model: 'demo', object: 'chat.completion', created: 7, extra: { a: 1 } },
    choices: [
      {
        ...{ index: 3, finish_reason: 'stop', logprobs: { content: [], refusal: null } },
        message: { role: 'assistant', content: null, refusal: 'No.', reasoning: 'Hm' },
      },
    ],
  };
  t.deepEqual(shaped(structuredClone(said)), said);
});

test('a usage has its total, and no detail that says nothing', (t) => {
  const usage = completeUsage({
    ...{ prompt_tokens: 10, completion_tokens: 4, extra: 1 },
    prompt_tokens_details: null,
    completion_tokens_details: { reasoning_tokens: null, audio_tokens: 2 },
  });
  t.deepEqual(JSON.parse(JSON.stringify(usage)), {
    ...{ prompt_tokens: 10, completion_tokens: 4, total_tokens: 14, extra: 1 },
    completion_tokens_details: { audio_tokens: 2 },
  });
  t.deepEqual(mismatches('CompletionUsage', JSON.parse(JSON.stringify(usage))), []);
});

test('what a cache took is told in OpenAI’s words alone', (t) => {
  const detailsOf = (prompt_tokens_details: Json) => {
    const usage = completeUsage({ prompt_tokens: 10, completion_tokens: 4, prompt_tokens_details });
    return JSON.parse(JSON.stringify(usage)).prompt_tokens_details;
  };
  const qwens = {
    ...{ cached_tokens: 3, cache_creation_input_tokens: 5, cache_type: 'ephemeral' },
    cache_creation: { ephemeral_5m_input_tokens: 5 },
  };
  t.deepEqual(detailsOf(qwens), { cached_tokens: 3, cache_write_tokens: 5 });
  const plain = { cached_tokens: 3, cache_write_tokens: 5 };
  t.deepEqual(detailsOf(plain), plain);
  t.deepEqual(detailsOf({ cached_tokens: 3 }), { cached_tokens: 3 });
});

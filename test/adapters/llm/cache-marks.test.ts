import test from 'ava';
import { withUsualMarks } from '../../../src/adapters/llm/cache-marks.ts';
import { chat } from '../../../src/adapters/llm/endpoints/chat.ts';
import type { Json } from '../../../src/adapters/llm/upstream.ts';

/** A chat with such a mark wherever one may be. */
const marked = (cache_control: Json): Json => ({
  cache_control,
  tools: [{ type: 'function', function: { name: 'f' }, cache_control }],
  messages: [
    { role: 'system', content: 'Be brief.', cache_control },
    { role: 'user', content: [{ type: 'text', text: 'Hello', cache_control }, 'odd'] },
    { role: 'assistant', content: null },
  ],
});

test('a cache keeps as long as is usual: longer is written at a price of its own', (t) => {
  const usual = marked({ type: 'ephemeral' });
  t.deepEqual(withUsualMarks(marked({ type: 'ephemeral', ttl: '1h' })), usual);
  t.is(withUsualMarks(usual), usual);
  const { messages: _, ...without } = marked({ type: 'ephemeral', ttl: '1h' });
  t.deepEqual(withUsualMarks({ ...without, messages: [] }), { ...usual, messages: [] });
});

test('nor is it asked of a server that speaks OpenAI’s protocol', (t) => {
  const body = chat.bodyOf(
    {
      ...{ endpoint: 'chat', model: 'm', stream: false, maxOutput: 7 },
      body: marked({ type: 'ephemeral', ttl: '1h' }),
      signal: AbortSignal.abort(),
    },
    { outputLimit: 'max_tokens' },
  );
  t.is(JSON.stringify(body).match(/"cache_control":{"type":"ephemeral"}/g)?.length, 4);
});

import test from 'ava';
import fc from 'fast-check';
import { anthropicAnswer } from '../../../src/adapters/llm/anthropic-answer.ts';
import { anthropicRequest } from '../../../src/adapters/llm/anthropic-request.ts';
import { anthropicStream } from '../../../src/adapters/llm/anthropic-stream.ts';
import type { Json } from '../../../src/adapters/llm/upstream.ts';
import { messageOf } from '../../../src/api/anthropic/from-chat.ts';
import { messageEvents } from '../../../src/api/anthropic/message-events.ts';
import { MessagesRequest } from '../../../src/api/anthropic/schemas.ts';
import { chatOf, namesIn } from '../../../src/api/anthropic/to-chat.ts';
import {
  anyMessage,
  eventsOf,
  messageFrom,
  textBlock,
  thinkingBlock,
  toolUseBlock,
  wholeMessage,
} from '../../support/anthropic-messages.ts';
import { allSaidIn, at, placesIn } from '../../support/places.ts';

const head = { id: 'msg_1', model: 'demo' };
const plain = (value: unknown) => JSON.parse(JSON.stringify(value));

const toAnthropic = (body: Json, model = 'claude') =>
  plain(anthropicRequest({ endpoint: 'chat', body, model, stream: false, maxOutput: 64, signal }));
const { signal } = new AbortController();
const toChat = (request: unknown): Json => chatOf(MessagesRequest.parse(request));

test('a message that passes through a chat completion says the same', (t) => {
  fc.assert(
    fc.property(wholeMessage, (message) => {
      const text = JSON.stringify({ type: 'message', ...message });
      t.like(plain(messageOf(anthropicAnswer(text), head)), plain(message));
    }),
  );
});

test('a stream that passes through chunks says the same, block for block', async (t) => {
  await fc.assert(
    fc.asyncProperty(anyMessage, fc.integer({ min: 1, max: 9 }), async (message, piece) => {
      const stream = anthropicStream();
      const chunks = eventsOf(message, piece).map((event) => stream.read([JSON.stringify(event)]));
      async function* inBatches() {
        for (const batch of chunks) yield await Promise.resolve(batch);
      }
      const events = (await Array.fromAsync(messageEvents(inBatches(), head))).flat();
      t.deepEqual(plain(messageFrom(events)), plain(message));
    }),
  );
});

/** A question, and an answer that may call tools, whose results the next turn has. */
const exchange = fc.record({
  asked: fc.array(textBlock, { minLength: 1, maxLength: 2 }),
  thoughts: fc.array(thinkingBlock, { maxLength: 1 }),
  said: fc.array(textBlock, { minLength: 1, maxLength: 2 }),
  called: fc.uniqueArray(toolUseBlock, { maxLength: 2, selector: ({ id }) => id }),
});
const conversation = fc.array(exchange, { minLength: 1, maxLength: 4 }).map((exchanges) => {
  const turns = exchanges.flatMap(({ asked, thoughts, said, called }, at) => [
    { role: 'user', content: [...resultsOf(exchanges[at - 1]?.called ?? []), ...asked] },
    { role: 'assistant', content: [...thoughts, ...said, ...called] },
  ]);
  return [...turns, { role: 'user', content: resultsOf(exchanges.at(-1)?.called ?? []) }].filter(
    ({ content }) => content.length > 0,
  );
});
const resultsOf = (calls: readonly { readonly id: string }[]) =>
  calls.map(({ id }) => ({
    type: 'tool_result',
    tool_use_id: id,
    content: [{ type: 'text', text: `result of ${id}` }],
  }));

test('documents come back as they were, but for what is said of them', (t) => {
  const source = { type: 'text', media_type: 'text/plain', data: '你好 😀' };
  const pdf = { type: 'base64', media_type: 'application/pdf', data: 'JVBERi0xLjcK' };
  const cached = { cache_control: { type: 'ephemeral' } };
  const content = [
    { type: 'document', source: pdf, title: 'a.pdf', ...cached },
    { type: 'document', source },
  ];
  const asking = (...blocks: readonly Json[]) => ({
    ...{ model: 'demo', max_tokens: 64 },
    messages: [{ role: 'user', content: blocks }],
  });
  t.deepEqual(toAnthropic(toChat(asking(...content))).messages[0].content, content);
  const told = { type: 'document', source, context: 'Mine.', citations: { enabled: false } };
  t.deepEqual(toAnthropic(toChat(asking(told))).messages[0].content, [
    { type: 'text', text: 'Mine.' },
    { type: 'document', source },
  ]);
});

test('a request of Anthropic’s comes back from OpenAI’s words with its roles, calls and texts', (t) => {
  fc.assert(
    fc.property(conversation, fc.array(textBlock, { maxLength: 2 }), (messages, system) => {
      const request = { model: 'demo', max_tokens: 64, messages, ...(system[0] ? { system } : {}) };
      const back = toAnthropic(toChat(request));
      t.deepEqual(back.messages, plain(messages));
      t.deepEqual(back.system, system[0] ? plain(system) : undefined);
    }),
  );
});

test('whatever the chat says has its place in the request', (t) => {
  fc.assert(
    fc.property(conversation, fc.array(textBlock, { maxLength: 2 }), (messages, system) => {
      const request = { model: 'demo', max_tokens: 64, messages, ...(system[0] ? { system } : {}) };
      const chat = toChat(request);
      for (const { path, says } of placesIn(chat)) {
        const name = namesIn(chat)(path) ?? '';
        t.true(allSaidIn(at(request, name)).includes(says), `${path} is ${name}`);
      }
    }),
  );
});

const chatMessages = fc.array(exchange, { minLength: 1, maxLength: 4 }).map((exchanges) =>
  exchanges.flatMap(({ asked, said, called }): readonly Json[] => [
    { role: 'user', content: asked[0]?.text },
    {
      role: 'assistant',
      content: said[0]?.text,
      ...(called.length > 0
        ? {
            tool_calls: called.map(({ id, name, input }) => ({
              id,
              type: 'function',
              function: { name, arguments: JSON.stringify(input) },
            })),
          }
        : {}),
    },
    ...called.map(({ id }) => ({ role: 'tool', tool_call_id: id, content: `result of ${id}` })),
  ]),
);

test('a request of OpenAI’s comes back from Anthropic’s words with its roles, calls and texts', (t) => {
  fc.assert(
    fc.property(chatMessages, textBlock, (messages, system) => {
      const all = [{ role: 'system', content: system.text }, ...messages];
      const back = toChat({ ...toAnthropic({ messages: all }), model: 'demo' });
      t.deepEqual(plain(back.messages), plain(all));
    }),
  );
});

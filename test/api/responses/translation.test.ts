import test from 'ava';
import fc from 'fast-check';
import { accumulateResponse } from 'openai/lib/responses/ResponseAccumulator';
import type { Response, ResponseStreamEvent } from 'openai/resources/responses/responses';
import { chatStream } from '../../../src/adapters/llm/chat-stream.ts';
import { serverSentEvents } from '../../../src/adapters/llm/server-sent-events.ts';
import type { Json } from '../../../src/adapters/llm/upstream.ts';
import { nativeOf } from '../../../src/api/responses/native-request.ts';
import type { ResponseEvent } from '../../../src/api/responses/output-items.ts';
import { responseEvents, responseWriter } from '../../../src/api/responses/response-events.ts';
import { headOf } from '../../../src/api/responses/response-object.ts';
import { ResponsesRequest } from '../../../src/api/responses/schemas.ts';
import { chatOf } from '../../../src/api/responses/to-chat.ts';
import { assertMatches } from '../../openai/schemas.ts';
import type { ChatAnswerSaid } from '../../support/chat-answers.ts';
import { anyChatAnswer, chunksOf, completionOf } from '../../support/chat-answers.ts';
import { allSaidIn, at, placesIn } from '../../support/places.ts';

const callId = '01968f2e-8f3a-7abc-8def-0123456789ab';
const plain = (value: unknown) => JSON.parse(JSON.stringify(value));
const asked = (more: Json = {}) =>
  ResponsesRequest.parse({
    model: 'demo',
    input: 'Hello',
    include: ['reasoning.encrypted_content'],
    ...more,
  });
const newWriter = (request = asked()) => responseWriter(headOf(callId, request));

/** A whole answer as a Response. */
function responseOf(answer: ChatAnswerSaid): Json {
  const writer = newWriter();
  return plain(writer.whole(completionOf(answer)));
}

/** The events of chunks that come in the given batches. */
async function eventsOf(
  batches: readonly (readonly Json[])[],
  request = asked(),
): Promise<readonly ResponseEvent[]> {
  async function* coming() {
    for (const batch of batches) yield await Promise.resolve(batch);
  }
  const never = () => {
    throw new Error('Nothing was to fail.');
  };
  const events = await Array.fromAsync(responseEvents(coming(), newWriter(request), never));
  return plain(events.flat());
}

test('however many places a text names, the request is looked through once', (t) => {
  const request = asked({ input: [{ role: 'user', content: 'Hello' }] });
  const { input } = request;
  let looks = 0;
  const { nameOf } = chatOf({
    ...request,
    get input() {
      looks += 1;
      return input;
    },
  });
  looks = 0;
  t.is(nameOf('input[0].status'), 'input[0].status');
  t.is(nameOf('input.1'), undefined);
  t.is(nameOf('input[2]'), undefined);
  t.is(looks, 1);
});

/** What the official client puts together from events. */
function folded(events: readonly ResponseEvent[]): Json {
  let response: Response | undefined;
  // The official types are of what the published schemas say, which is tested of these events.
  for (const event of events as unknown as readonly ResponseStreamEvent[]) {
    response = accumulateResponse(event, response);
  }
  const { output_text: _, ...rest } = plain(response);
  return rest;
}

/** An item without what is ours. */
function saidIn({ type, content, call_id: id, name, arguments: json, input }: Json): Json {
  if (type === 'function_call') return { type, id, name, text: json };
  if (type === 'custom_tool_call') return { type, id, name, text: input };
  const parts: Json[] = plain(content);
  return { type, texts: parts.map(({ text, refusal }) => text ?? refusal) };
}

function expected({ thought, content, refusal, calls }: ChatAnswerSaid): readonly Json[] {
  const texts = [content, refusal].filter((each) => each !== '');
  return [
    ...(thought === '' ? [] : [{ type: 'reasoning', texts: [thought] }]),
    ...(texts.length === 0 ? [] : [{ type: 'message', texts }]),
    ...calls.map(({ kind, id, name, text }) => ({
      type: kind === 'function' ? 'function_call' : 'custom_tool_call',
      ...{ id, name, text },
    })),
  ];
}

const items = ({ output }: Json): readonly Json[] => plain(output);

test('an answer keeps its thought, texts and calls, in order, and says how it ended', (t) => {
  fc.assert(
    fc.property(anyChatAnswer, (answer) => {
      const response = responseOf(answer);
      t.deepEqual(items(response).map(saidIn), expected(answer));
      const { prompt, cached, completion, reasoning } = answer.usage;
      const reason = { length: 'max_output_tokens', content_filter: 'content_filter' }[
        answer.finish
      ];
      t.like(response, {
        ...{ id: 'resp_01968f2e8f3a7abc8def0123456789ab', object: 'response', model: 'demo' },
        created_at: Math.floor(0x01968f2e8f3a / 1_000),
        status: reason ? 'incomplete' : 'completed',
        usage: {
          input_tokens: prompt,
          input_tokens_details: { cached_tokens: cached, cache_write_tokens: 0 },
          output_tokens: completion,
          output_tokens_details: { reasoning_tokens: reasoning },
          total_tokens: prompt + completion,
        },
      });
      const { incomplete_details: details } = response;
      t.deepEqual(details, reason ? { reason } : null);
      const statuses = items(response).map(({ status }) => status);
      t.deepEqual(
        statuses,
        statuses.map((_, at) =>
          reason && at === statuses.length - 1 ? 'incomplete' : 'completed',
        ),
      );
      assertMatches('Response', response);
    }),
  );
});

const pieceLength = fc.integer({ min: 1, max: 9 });

test('a stream’s events, put together by the official client, are the answer that came at once', async (t) => {
  await fc.assert(
    fc.asyncProperty(
      anyChatAnswer,
      pieceLength,
      fc.boolean(),
      async (answer, piece, sideBySide) => {
        const chunks = chunksOf(answer, piece, sideBySide);
        const events = await eventsOf(chunks.map((chunk) => [chunk]));
        for (const event of events) assertMatches('ResponseStreamEvent', event);
        const last = events.at(-1)?.response;
        t.deepEqual(last, responseOf(answer));
        // Without its last event, which has all of it, a client knows the same items.
        t.deepEqual(items(folded(events.slice(0, -1))), items(plain(last)));
        t.deepEqual(folded(events), last);
        t.deepEqual(
          events.map(({ sequence_number: number }) => number),
          events.map((_, at) => at),
        );
      },
    ),
  );
});

function cut(bytes: Uint8Array, places: readonly number[]): readonly Uint8Array[] {
  const ends = [...places.map((place) => place % (bytes.length + 1)), bytes.length].sort(
    (one, other) => one - other,
  );
  return ends.map((end, at) => bytes.subarray(ends[at - 1] ?? 0, end));
}

test('however an upstream’s bytes are cut, the events are the same', async (t) => {
  const cuts = fc.array(fc.nat(100_000), { maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(anyChatAnswer, pieceLength, cuts, async (answer, piece, places) => {
      const written = [...chunksOf(answer, piece).map((each) => JSON.stringify(each)), '[DONE]']
        .map((data) => `data: ${data}\n\n`)
        .join('');
      const bytes = new TextEncoder().encode(written);
      const read = (parts: readonly Uint8Array[]) => {
        const events = serverSentEvents();
        const stream = chatStream();
        return eventsOf(parts.map((part) => stream.read(events.push(part))));
      };
      t.deepEqual(await read(cut(bytes, places)), await read([bytes]));
    }),
  );
});

/** A question, and an answer whose calls get results before the next one. */
const exchange = fc.record({
  role: fc.constantFrom('user', 'developer', 'system'),
  asked: fc.array(fc.string({ minLength: 1, maxLength: 20 }), { minLength: 1, maxLength: 3 }),
  said: anyChatAnswer,
});
const conversation = fc
  .uniqueArray(exchange, {
    minLength: 1,
    maxLength: 4,
    selector: ({ said }) => said.calls.map(({ id }) => id).join(),
  })
  .map((exchanges) =>
    exchanges.flatMap(({ role, asked: texts, said }): readonly Json[] => [
      {
        role,
        content:
          texts.length === 1 ? texts[0] : texts.map((text) => ({ type: 'input_text', text })),
      },
      ...items(responseOf(said)),
      ...said.calls.map(({ kind, id }) => ({
        type: kind === 'function' ? 'function_call_output' : 'custom_tool_call_output',
        call_id: id,
        output: `result of ${id}`,
      })),
    ]),
  );

/** All that is said in items, in order: who says what. */
const factsOfItems = (all: readonly Json[]): readonly Json[] =>
  all.flatMap((item): readonly Json[] => {
    const { type = 'message', role, content, call_id: id, output } = item;
    if (type === 'message' || type === 'reasoning') {
      const parts: Json[] = typeof content === 'string' ? [{ text: content }] : plain(content);
      const who = type === 'reasoning' ? 'thought' : role;
      return parts.map(({ text, refusal }) => ({ who, text: text ?? refusal }));
    }
    if (output !== undefined) return [{ who: 'tool', id, text: output }];
    return [{ ...saidIn(item), who: 'assistant' }];
  });

/** The same of chat messages. */
const factsOfMessages = (messages: readonly Json[]): readonly Json[] =>
  messages.flatMap((message): readonly Json[] => {
    const { role, content, reasoning_content: thought, tool_call_id: id } = message;
    const { reasoning_details: signed = [] } = message;
    const parts: Json[] = typeof content === 'string' ? [{ text: content }] : plain(content ?? []);
    const details: Json[] = plain(signed);
    const calls: Json[] = plain(message.tool_calls ?? []);
    return [
      ...(thought ? [{ who: 'thought', text: thought }] : []),
      ...details.map(({ text }) => ({ who: 'thought', text })),
      ...parts
        .map(({ text, refusal }) => ({ who: role, text: text ?? refusal, ...(id ? { id } : {}) }))
        .filter(({ text }) => text !== ''),
      ...calls.map((call) => ({ ...calledIn(call), who: role })),
    ];
  });

function calledIn({ id, type, function: called, custom }: Json): Json {
  const { name, arguments: json, input }: Json = plain(called ?? custom);
  const isFunction = type === 'function';
  return {
    type: isFunction ? 'function_call' : 'custom_tool_call',
    ...{ id, name, text: isFunction ? json : input },
  };
}

test('a conversation keeps its roles, thoughts, texts, calls and results, in order', (t) => {
  fc.assert(
    fc.property(conversation, fc.string({ maxLength: 20 }), (input, instructions) => {
      const request = { model: 'demo', input, instructions };
      const messages: Json[] = plain(chatOf(ResponsesRequest.parse(request)).body.messages);
      const first = instructions === '' ? [] : [{ who: 'system', text: instructions }];
      t.deepEqual(factsOfMessages(messages), [...first, ...factsOfItems(input)]);
      // The results of calls stand right behind them.
      messages.forEach(({ role }, at) => {
        if (role === 'tool') t.true(['tool', 'assistant'].includes(String(messages[at - 1]?.role)));
      });
    }),
  );
});

test('whatever the chat says has its place in the request, and so has each item that is passed on', (t) => {
  fc.assert(
    fc.property(conversation, fc.string({ maxLength: 20 }), (input, instructions) => {
      const request = { model: 'demo', input, instructions };
      const parsed = ResponsesRequest.parse(request);
      const { body, nameOf } = chatOf(parsed);
      for (const { path, says } of placesIn(body)) {
        const name = nameOf(path) ?? '';
        t.true(allSaidIn(at(request, name)).includes(says), `${path} is ${name}`);
      }
      const passed: Json[] = plain(nativeOf(parsed).input);
      passed.forEach((item, index) => {
        const given: Json = plain(at(request, nameOf(`input[${index}]`) ?? ''));
        const { type = 'message', call_id: id } = given;
        t.like(item, { type, call_id: id });
      });
      t.is(nameOf(`input[${passed.length}].content`), undefined);
    }),
  );
});

test('what a model said goes back to it as it said it', (t) => {
  fc.assert(
    fc.property(anyChatAnswer, (answer) => {
      const input = [{ role: 'user', content: 'Hello' }, ...items(responseOf(answer))];
      const { body, extended } = chatOf(asked({ input }));
      const [, said]: Json[] = plain(body.messages);
      t.is(extended, answer.signature !== '');
      const { thought, signature } = answer;
      const { reasoning_details: details } = said ?? {};
      const signed = [{ type: 'reasoning.text', text: thought, signature }];
      t.deepEqual(details, signature === '' ? undefined : signed);
      const whole: Json[] = plain(completionOf(answer).choices);
      const { tool_calls: calls }: Json = plain(whole[0]?.message);
      t.deepEqual(said?.tool_calls, calls);
    }),
  );
});

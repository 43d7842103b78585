import { z } from 'zod';
import type { Json } from '../../src/adapters/llm/upstream.ts';
import { Behaviour as AnyBehaviour } from './mock-behaviour.ts';
import type { MockModel, Case as ModelCase, Tongue } from './mock-model.ts';
import { startMockModel } from './mock-model.ts';

const Behaviour = AnyBehaviour.extend({ usage: z.enum(['yes', 'no']).default('yes') });
type Behaviour = z.infer<typeof Behaviour>;

const Asked = z.looseObject({
  model: z.string(),
  stream: z.boolean().optional(),
  stream_options: z.unknown().optional(),
});
/** With the path that it came to. */
type AskedOfMock = z.infer<typeof Asked> & { readonly path: string };

export type MockResponses = MockModel<AskedOfMock>;
type Case = ModelCase<AskedOfMock, Behaviour>;

/** OpenAI's Responses, which say more of themselves than members may know. */
const tongue: Tongue<AskedOfMock, Behaviour> = {
  behaviour: Behaviour,
  read: ({ path, bytes }) => ({ body: { ...Asked.parse(JSON.parse(bytes.toString())), path } }),
  error: ({ message }) => ({ error: { message } }),
  streams: ({ body }) => body.stream === true,
  whole: (mock) => ({
    body: responseOf(mock, finished(mock)),
    half: (answer) => answer.indexOf(mock.behaviour.text) + mock.behaviour.text.length * 2,
  }),
  stream(mock) {
    const { chunks } = mock.behaviour;
    const events = eventsOf(mock);
    const pieces = events.slice(before, before + chunks).map(eventOf);
    const half = before + Math.ceil(chunks / 2);
    return {
      begin: events.slice(0, before).map(eventOf),
      ...{ count: chunks, pieces, end: events.slice(before + chunks).map(eventOf) },
      rubbish: 'data: {"type": rubbish\n\n',
      failure: [eventOf({ type: 'response.failed', sequence_number: half })],
    };
  },
};

/** A real HTTP server that speaks OpenAI's Responses, well or badly. */
export const startMockResponses = (): Promise<MockResponses> => startMockModel(tongue);

const eventOf = (event: Json): string => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;

const itemId = 'msg_0123456789abcdef';
const textPart = (text: string): Json => ({
  ...{ type: 'output_text', text, annotations: [], logprobs: [] },
});
const item = (text: string | undefined, status: string): Json => ({
  ...{ id: itemId, type: 'message', status, role: 'assistant' },
  content: text === undefined ? [] : [textPart(text)],
});

function responseOf({ body, behaviour }: Case, more: Json) {
  const { chunks, input, output, usage } = behaviour;
  return {
    ...{ id: 'resp_canary', object: 'response', created_at: 1_780_000_000, model: body.model },
    ...{ error: null, incomplete_details: null, instructions: null, metadata: {}, tools: [] },
    ...{ parallel_tool_calls: true, temperature: 1, top_p: 1, tool_choice: 'auto', store: false },
    ...{ billing: { payer: 'canary' }, system_fingerprint: 'fp_canary', status: 'in_progress' },
    output: [],
    ...more,
    ...(more.output && usage === 'yes' ? { usage: usageOf(input, output ?? chunks) } : {}),
  };
}

const usageOf = (input: number, output: number) => ({
  input_tokens: input,
  input_tokens_details: { cached_tokens: 0, cache_write_tokens: 0 },
  output_tokens: output,
  output_tokens_details: { reasoning_tokens: 0 },
  total_tokens: input + output,
});

const textOf = ({ behaviour: { text, chunks } }: Case): string => text.repeat(chunks);
const finished = (mock: Case): Json => ({
  ...{ status: 'completed', output: [item(textOf(mock), 'completed')] },
});

/** So many events come before the first piece of text. */
const before = 4;

/** The events of a stream, in order. */
function eventsOf(mock: Case): readonly Json[] {
  const { chunks, text: delta } = mock.behaviour;
  const text = textOf(mock);
  const at = { item_id: itemId, output_index: 0, content_index: 0 };
  const created = responseOf(mock, {});
  return [
    { type: 'response.created', response: created },
    { type: 'response.in_progress', response: created },
    { type: 'response.output_item.added', output_index: 0, item: item(undefined, 'in_progress') },
    { type: 'response.content_part.added', ...at, part: textPart('') },
    ...Array.from({ length: chunks }, () => ({
      ...{ type: 'response.output_text.delta', ...at, delta, logprobs: [] },
    })),
    { type: 'response.output_text.done', ...at, text, logprobs: [] },
    { type: 'response.content_part.done', ...at, part: textPart(text) },
    { type: 'response.output_item.done', output_index: 0, item: item(text, 'completed') },
    { type: 'response.completed', response: responseOf(mock, finished(mock)) },
  ].map((event, number) => ({ ...event, sequence_number: number }));
}

import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import type { Json } from '../../src/adapters/llm/upstream.ts';

/** How the mock answers, written behind the model's name: `gpt-4o?chunks=3&usage=no`. */
const Behaviour = z.object({
  chunks: z.coerce.number().default(4),
  usage: z.enum(['yes', 'no']).default('yes'),
  input: z.coerce.number().default(10),
  output: z.coerce.number().optional(),
  status: z.coerce.number().default(200),
  /** Half-way: falls silent, breaks off, or says that it failed. */
  break: z.enum(['no', 'hang', 'cut', 'failed']).default('no'),
});
type Behaviour = z.infer<typeof Behaviour>;

const Asked = z.looseObject({ model: z.string(), stream: z.boolean().optional() });
type AskedOfMock = z.infer<typeof Asked>;

export interface MockResponses {
  /** With `/v1` behind it: a base URL. */
  readonly url: string;
  /** Every request's path and body, in order. */
  readonly asked: readonly (AskedOfMock & { readonly path: string })[];
  close(): Promise<void>;
}

/** A real HTTP server that speaks OpenAI's Responses, and says more of itself than members may know. */
export async function startMockResponses(): Promise<MockResponses> {
  const asked: (AskedOfMock & { path: string })[] = [];
  const server = createServer(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part);
    const body = Asked.parse(JSON.parse(Buffer.concat(parts).toString()));
    asked.push({ ...body, path: request.url ?? '' });
    const [, options = ''] = body.model.split('?');
    const behaviour = Behaviour.parse(Object.fromEntries(new URLSearchParams(options)));
    await answer(response, body, behaviour);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (typeof address !== 'object' || !address) throw new Error('The mock has no port.');
  return {
    url: `http://127.0.0.1:${address.port}`,
    asked,
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

const itemId = 'msg_0123456789abcdef';
const textPart = (text: string): Json => ({
  ...{ type: 'output_text', text, annotations: [], logprobs: [] },
});
const item = (text: string | undefined, status: string): Json => ({
  ...{ id: itemId, type: 'message', status, role: 'assistant' },
  content: text === undefined ? [] : [textPart(text)],
});

function responseOf(body: AskedOfMock, { chunks, input, output, usage }: Behaviour, more: Json) {
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

const whole = (text: string): Json => ({
  ...{ status: 'completed', output: [item(text, 'completed')] },
});

async function answer(response: ServerResponse, body: AskedOfMock, behaviour: Behaviour) {
  const { status, chunks } = behaviour;
  const text = ' word'.repeat(chunks);
  if (status !== 200) {
    response.writeHead(status, { 'content-type': 'application/json' });
    return void response.end(JSON.stringify({ error: { message: 'Told to fail.' } }));
  }
  if (!body.stream) {
    response.writeHead(200, { 'content-type': 'application/json' });
    const json = JSON.stringify(responseOf(body, behaviour, whole(text)));
    if (behaviour.break === 'no') return void response.end(json);
    return void response.write(json.slice(0, json.indexOf(' word') + 10));
  }
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  await stream(response, body, behaviour);
}

/** The events of a stream, in order. */
function eventsOf(body: AskedOfMock, behaviour: Behaviour): readonly Json[] {
  const text = ' word'.repeat(behaviour.chunks);
  const at = { item_id: itemId, output_index: 0, content_index: 0 };
  const created = responseOf(body, behaviour, {});
  return [
    { type: 'response.created', response: created },
    { type: 'response.in_progress', response: created },
    { type: 'response.output_item.added', output_index: 0, item: item(undefined, 'in_progress') },
    { type: 'response.content_part.added', ...at, part: textPart('') },
    ...Array.from({ length: behaviour.chunks }, () => ({
      ...{ type: 'response.output_text.delta', ...at, delta: ' word', logprobs: [] },
    })),
    { type: 'response.output_text.done', ...at, text, logprobs: [] },
    { type: 'response.content_part.done', ...at, part: textPart(text) },
    { type: 'response.output_item.done', output_index: 0, item: item(text, 'completed') },
    { type: 'response.completed', response: responseOf(body, behaviour, whole(text)) },
  ].map((event, number) => ({ ...event, sequence_number: number }));
}

async function stream(response: ServerResponse, body: AskedOfMock, behaviour: Behaviour) {
  const events = eventsOf(body, behaviour);
  const half = 4 + Math.ceil(behaviour.chunks / 2);
  const write = (event: Json) =>
    response.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
  for (const event of behaviour.break === 'no' ? events : events.slice(0, half)) write(event);
  if (behaviour.break === 'hang') return;
  // What came so far is to be read by itself.
  if (behaviour.break !== 'no') await pause(300);
  if (behaviour.break === 'failed') write({ type: 'response.failed', sequence_number: half });
  if (behaviour.break === 'cut') response.destroy();
  else response.end();
}

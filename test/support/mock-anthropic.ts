import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';

/** How the mock answers, written behind the model's name: `claude?chunks=3&usage=no`. */
const Behaviour = z.object({
  /** Text deltas; each is one `text`. */
  chunks: z.coerce.number().default(4),
  text: z.string().default(' word'),
  usage: z.enum(['yes', 'no', 'rubbish']).default('yes'),
  input: z.coerce.number().default(10),
  output: z.coerce.number().optional(),
  cached: z.coerce.number().default(0),
  written: z.coerce.number().default(0),
  thinking: z.coerce.number().default(0),
  /** Calls `get_weather` instead of writing. */
  tool: z.enum(['no', 'yes', 'bare']).default('no'),
  stop: z.string().default('end_turn'),
  /** Milliseconds between deltas. */
  delay: z.coerce.number().default(0),
  status: z.coerce.number().default(200),
  type: z.string().default('api_error'),
  message: z.string().default('Told to fail.'),
  hang: z.enum(['no', 'headers', 'first', 'mid']).default('no'),
  cut: z.enum(['no', 'socket', 'early', 'error', 'late']).default('no'),
  rubbish: z.enum(['no', 'first', 'mid']).default('no'),
  /** Writes so many bytes at a time; 0: whole events. */
  split: z.coerce.number().default(0),
});
type Behaviour = z.infer<typeof Behaviour>;

/** What Anthropic insists on in every request. */
const Asked = z.looseObject({
  model: z.string(),
  max_tokens: z.int().min(1),
  stream: z.boolean().optional(),
  messages: z
    .array(
      z.strictObject({
        role: z.enum(['user', 'assistant']),
        content: z.union([z.string(), z.array(z.looseObject({ type: z.string() })).min(1)]),
      }),
    )
    .min(1),
});
type AskedOfMock = z.infer<typeof Asked>;

export interface MockAnthropic {
  /** For `CLAUDE_BASE_URL`. */
  readonly url: string;
  /** Every request's body, in order, with the headers that matter. */
  readonly asked: readonly (AskedOfMock & { readonly headers: IncomingMessage['headers'] })[];
  /** Connections that the caller gave up while the mock still answered. */
  abandoned(): number;
  close(): Promise<void>;
}

/** A real HTTP server that speaks Anthropic's Messages protocol, well or badly. */
export async function startMockAnthropic(): Promise<MockAnthropic> {
  const asked: (AskedOfMock & { headers: IncomingMessage['headers'] })[] = [];
  let abandoned = 0;
  const server = createServer((request, response) => {
    response.once('close', () => {
      if (!response.writableFinished) abandoned += 1;
    });
    const note = (body: AskedOfMock) => asked.push({ ...body, headers: request.headers });
    respond(request, response, note).catch((error) => response.destroy(error));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (typeof address !== 'object' || !address) throw new Error('The mock has no port.');
  return {
    url: `http://127.0.0.1:${address.port}`,
    asked,
    abandoned: () => abandoned,
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  note: (body: AskedOfMock) => void,
): Promise<void> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part);
  const parsed = Asked.safeParse(JSON.parse(Buffer.concat(parts).toString()));
  const fits = request.url === '/v1/messages' && request.headers['x-api-key'];
  if (!fits) return refuse(response, 404, 'not_found_error', 'Not found');
  if (!parsed.success) {
    return refuse(response, 400, 'invalid_request_error', parsed.error.message);
  }
  note(parsed.data);
  const [, options = ''] = parsed.data.model.split('?');
  const behaviour = Behaviour.parse(Object.fromEntries(new URLSearchParams(options)));
  const { hang, status, type, message } = behaviour;
  if (hang === 'headers') return;
  if (status !== 200) return refuse(response, status, type, message);
  await (parsed.data.stream ? stream : whole)(response, parsed.data, behaviour);
}

function refuse(response: ServerResponse, status: number, type: string, message: string): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  const error = { type, message };
  response.end(JSON.stringify({ type: 'error', error, request_id: 'req_upstream_4711' }));
}

const weather = { city: 'Paris', unit: 'celsius' };
const thought = { type: 'thinking', thinking: ' hm', signature: 'c2lnbmVk' };

function contentOf({ chunks, text, thinking, tool }: Behaviour): readonly unknown[] {
  const thoughts = thinking > 0 ? [{ ...thought, thinking: ' hm'.repeat(thinking) }] : [];
  if (tool === 'no') return [...thoughts, { type: 'text', text: text.repeat(chunks) }];
  const input = tool === 'yes' ? weather : {};
  const call = { type: 'tool_use', id: 'toolu_01', name: 'get_weather', input };
  return [...thoughts, { type: 'text', text: 'Let me see.' }, call];
}

function usageOf(behaviour: Behaviour): object | undefined {
  const { usage, input, cached, written, chunks, thinking, output } = behaviour;
  if (usage === 'no') return undefined;
  if (usage === 'rubbish') return { input_tokens: -5, output_tokens: 'many' };
  return {
    input_tokens: input,
    cache_read_input_tokens: cached,
    cache_creation_input_tokens: written,
    output_tokens: output ?? chunks + thinking,
    ...(thinking > 0 ? { output_tokens_details: { thinking_tokens: thinking } } : {}),
    service_tier: 'standard',
  };
}

/** The last word on what was written, and on nothing else. */
function lateUsageOf(behaviour: Behaviour): object | undefined {
  const usage = usageOf(behaviour);
  return usage && { ...usage, input_tokens: null, cache_read_input_tokens: null };
}

const stopReasonOf = ({ tool, stop }: Behaviour) => (tool === 'no' ? stop : 'tool_use');
const stopSequenceOf = ({ stop }: Behaviour) => (stop === 'stop_sequence' ? 'END' : null);

const messageOf = ({ model }: AskedOfMock, more: object) => ({
  id: 'msg_upstream_4711',
  type: 'message',
  role: 'assistant',
  model: model.split('?')[0],
  ...more,
});

async function whole(
  response: ServerResponse,
  asked: AskedOfMock,
  behaviour: Behaviour,
): Promise<void> {
  response.writeHead(200, { 'content-type': 'application/json' });
  if (behaviour.hang === 'first') return void response.flushHeaders();
  if (behaviour.rubbish !== 'no') return void response.end('<html>rubbish</html>');
  const answer = JSON.stringify(
    messageOf(asked, {
      content: contentOf(behaviour),
      stop_reason: stopReasonOf(behaviour),
      stop_sequence: stopSequenceOf(behaviour),
      usage: usageOf(behaviour),
    }),
  );
  const half = answer.indexOf(behaviour.text) + behaviour.text.length * 2;
  if (behaviour.hang === 'mid') return void response.write(answer.slice(0, half));
  if (behaviour.cut === 'no') return void response.end(answer);
  response.write(answer.slice(0, half));
  await pause(20);
  response.destroy();
}

async function stream(
  response: ServerResponse,
  asked: AskedOfMock,
  behaviour: Behaviour,
): Promise<void> {
  const write = writer(response, behaviour);
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  if (behaviour.hang === 'first') return void response.flushHeaders();
  if (behaviour.rubbish === 'first') await write('message_start', 'rubbish');
  const usage = usageOf(behaviour);
  const start = { content: [], stop_reason: null, stop_sequence: null };
  const early = usage && { ...usage, output_tokens: 1 };
  await write('message_start', { message: messageOf(asked, { ...start, usage: early }) });
  await write('ping', {});
  if (!(await writeBlocks(response, write, behaviour))) return;
  await write('message_delta', {
    delta: { stop_reason: stopReasonOf(behaviour), stop_sequence: stopSequenceOf(behaviour) },
    usage: lateUsageOf(behaviour),
  });
  if (behaviour.cut === 'late') {
    await pause(20);
    return void response.destroy();
  }
  await write('message_stop', {});
  response.end();
}

async function writeBlocks(
  response: ServerResponse,
  write: Write,
  behaviour: Behaviour,
): Promise<boolean> {
  const deltas = deltasOf(behaviour);
  const half = Math.ceil(deltas.length / 2);
  for (const [place, [type, data]] of deltas.entries()) {
    if (response.destroyed) return false;
    if (place === half && (await stops(response, write, behaviour))) return false;
    if (place === half && behaviour.rubbish === 'mid') await write('ping', 'rubbish');
    await write(type, data);
    if (behaviour.delay > 0) await pause(behaviour.delay);
  }
  return true;
}

type Said = readonly [type: string, data: object];

/** The events of all blocks: a thought, a text, a call. */
function deltasOf({ chunks, text, thinking, tool }: Behaviour): readonly Said[] {
  let index = -1;
  const block = (content: object, deltas: readonly object[]): readonly Said[] => {
    index += 1;
    return [
      ['content_block_start', { index, content_block: content }],
      ...deltas.map((delta) => ['content_block_delta', { index, delta }] as const),
      ['content_block_stop', { index }],
    ];
  };
  const times = (count: number, delta: object) => Array.from({ length: count }, () => delta);
  const thoughts =
    thinking > 0
      ? block({ type: 'thinking', thinking: '', signature: '' }, [
          ...times(thinking, { type: 'thinking_delta', thinking: ' hm' }),
          { type: 'signature_delta', signature: thought.signature },
        ])
      : [];
  const empty = { type: 'text', text: '' };
  if (tool === 'no') {
    return [...thoughts, ...block(empty, times(chunks, { type: 'text_delta', text }))];
  }
  const json = JSON.stringify(weather);
  const parts = tool === 'yes' ? ['', json.slice(0, 9), json.slice(9)] : [''];
  return [
    ...thoughts,
    ...block(empty, [{ type: 'text_delta', text: 'Let me see.' }]),
    ...block(
      { type: 'tool_use', id: 'toolu_01', name: 'get_weather', input: {} },
      parts.map((partial_json) => ({ type: 'input_json_delta', partial_json })),
    ),
  ];
}

type Write = (type: string, data: object | 'rubbish') => Promise<void>;

/** Half-way: falls silent or breaks off, if it was told to. */
async function stops(
  response: ServerResponse,
  write: Write,
  { hang, cut }: Behaviour,
): Promise<boolean> {
  if (hang === 'mid') return true;
  if (cut === 'socket') {
    await pause(20);
    response.destroy();
  } else if (cut === 'error') {
    await write('error', { error: { type: 'overloaded_error', message: 'Overloaded' } });
    response.end();
  } else if (cut === 'early') {
    response.end();
  }
  return cut !== 'no' && cut !== 'late';
}

function writer(response: ServerResponse, { split }: Behaviour): Write {
  return async (type, data) => {
    const said = data === 'rubbish' ? '{"type": rubbish' : JSON.stringify({ type, ...data });
    const bytes = Buffer.from(`event: ${type}\ndata: ${said}\n\n`);
    if (split === 0) return void response.write(bytes);
    for (let from = 0; from < bytes.length && !response.destroyed; from += split) {
      response.write(bytes.subarray(from, from + split));
      await nextTurn();
    }
  };
}

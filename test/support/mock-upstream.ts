import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { callDeltas, callMessage } from './mock-tool-call.ts';

/**
 * How the mock answers, written behind the model's name: `gpt-4o?chunks=3&usage=no`. So a route
 * decides it, and one server serves every case at once.
 */
const Behaviour = z.object({
  /** Content chunks; each is one `text`. */
  chunks: z.coerce.number().default(4),
  text: z.string().default(' word'),
  /** Instead of `text`: a chunk of so many characters. */
  huge: z.coerce.number().default(0),
  usage: z.enum(['yes', 'no', 'rubbish', 'inline', 'cumulative', 'early']).default('yes'),
  input: z.coerce.number().default(10),
  output: z.coerce.number().optional(),
  cached: z.coerce.number().default(0),
  reasoning: z.coerce.number().default(0),
  /** Milliseconds before the headers, and between chunks, each up to `jitter` more. */
  latency: z.coerce.number().default(0),
  delay: z.coerce.number().default(0),
  jitter: z.coerce.number().default(0),
  /** Asks for `get_weather` until the messages have its result, and then says `text`. */
  tool: z.enum(['no', 'yes']).default('no'),
  status: z.coerce.number().default(200),
  /** Only the first so many requests for this model fail. */
  fails: z.coerce.number().default(Number.POSITIVE_INFINITY),
  /** What `Retry-After` says beside a failure. */
  after: z.string().optional(),
  message: z.string().default('Told to fail.'),
  param: z.string().optional(),
  /** Falls silent: without headers, right after them, or half-way. */
  hang: z.enum(['no', 'headers', 'first', 'mid']).default('no'),
  /** Breaks off half-way: the connection, or the answer in good order without its end. `late`: behind the last word. */
  cut: z.enum(['no', 'socket', 'early', 'error', 'late']).default('no'),
  /** Leaves the end mark out. */
  mark: z.enum(['yes', 'no']).default('yes'),
  rubbish: z.enum(['no', 'first', 'mid']).default('no'),
  /** Writes so many bytes at a time; 0: whole events. */
  split: z.coerce.number().default(0),
  newline: z.enum(['lf', 'crlf', 'cr']).default('lf'),
  comments: z.enum(['no', 'yes']).default('no'),
});
type Behaviour = z.infer<typeof Behaviour>;

const Asked = z.looseObject({
  model: z.string(),
  stream: z.boolean().optional(),
  messages: z.array(z.looseObject({ role: z.string() })).optional(),
  n: z.number().nullish(),
  max_tokens: z.number().optional(),
  max_completion_tokens: z.number().optional(),
  stream_options: z.looseObject({ include_usage: z.boolean().optional() }).nullish(),
});
type AskedOfMock = z.infer<typeof Asked>;

export interface MockUpstream {
  /** For `*_BASE_URL`, with `/v1` behind it. */
  readonly url: string;
  /** Every request's body, in order. */
  readonly asked: readonly AskedOfMock[];
  /** What the judge said of them. */
  readonly complaints: readonly string[];
  /** Answers that were sent to their end. */
  completed(): number;
  /** Connections that the caller gave up while the mock still answered. */
  abandoned(): number;
  /** Bytes of streams that were given to connections. */
  written(): number;
  /** Streams whose caller takes no more for now. */
  waiting(): number;
  close(): Promise<void>;
}

interface MockOptions {
  readonly keep?: boolean;
  readonly port?: number;
  /** Says what is wrong with a request; that is kept in `complaints`. */
  readonly judge?: (body: unknown) => readonly string[];
}

/** A real HTTP server that speaks OpenAI's chat protocol, well or badly. */
export async function startMockUpstream({
  keep = true,
  port = 0,
  judge = () => [],
}: MockOptions = {}): Promise<MockUpstream> {
  const asked: AskedOfMock[] = [];
  const complaints: string[] = [];
  const traffic: Traffic = { written: 0, waiting: 0 };
  const times = new Map<string, number>();
  const note = (body: AskedOfMock): number => {
    if (!keep) return 1;
    complaints.push(...judge(body));
    asked.push(body);
    const time = (times.get(body.model) ?? 0) + 1;
    times.set(body.model, time);
    return time;
  };
  let completed = 0;
  let abandoned = 0;
  const server = createServer((request, response) => {
    let isDone = false;
    response.once('close', () => {
      if (isDone || response.writableFinished) completed += 1;
      else abandoned += 1;
    });
    respond(request, response, { note, traffic }).then(
      () => {
        isDone = response.writableFinished;
      },
      (error) => response.destroy(error),
    );
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (typeof address !== 'object' || !address) throw new Error('The mock has no port.');
  return {
    url: `http://127.0.0.1:${address.port}`,
    asked,
    complaints,
    completed: () => completed,
    abandoned: () => abandoned,
    written: () => traffic.written,
    waiting: () => traffic.waiting,
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

/** Bytes of streams that were written, and streams that wait for their caller. */
interface Traffic {
  written: number;
  waiting: number;
}

interface Noting {
  /** Which request for its model it is, from 1. */
  readonly note: (body: AskedOfMock) => number;
  readonly traffic: Traffic;
}

async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  { note, traffic }: Noting,
): Promise<void> {
  const body = Asked.parse(JSON.parse(await textOf(request)));
  const time = note(body);
  const [name = '', options = ''] = body.model.split('?');
  const behaviour = Behaviour.parse(Object.fromEntries(new URLSearchParams(options)));
  if (behaviour.hang === 'headers') return;
  await waits(behaviour.latency, behaviour);
  if (behaviour.status !== 200 && time <= behaviour.fails) return refuse(response, behaviour);
  await (body.stream ? stream : whole)(response, { body, name, behaviour, traffic });
}

async function textOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part);
  return Buffer.concat(parts).toString();
}

function refuse(response: ServerResponse, { status, message, param, after }: Behaviour): void {
  const waiting = after === undefined ? {} : { 'retry-after': after };
  response.writeHead(status, { 'content-type': 'application/json', ...waiting });
  const error = { message, type: 'mock_error', param: param ?? null, code: null };
  response.end(JSON.stringify({ error }));
}

interface Case {
  readonly body: AskedOfMock;
  readonly name: string;
  readonly behaviour: Behaviour;
  readonly traffic: Traffic;
}

const contentOf = ({ huge, text }: Behaviour): string => (huge > 0 ? 'x'.repeat(huge) : text);

function usageOf({ body, behaviour }: Case): unknown {
  const { usage, input, cached, reasoning, chunks, output } = behaviour;
  if (usage === 'no') return undefined;
  if (usage === 'rubbish') return { prompt_tokens: -5, completion_tokens: 'many' };
  if (usage === 'early') return { prompt_tokens: input, completion_tokens: 0 };
  const completion = output ?? (chunks + reasoning) * (body.n ?? 1);
  return {
    prompt_tokens: input,
    completion_tokens: completion,
    total_tokens: input + completion,
    prompt_tokens_details: { cached_tokens: cached },
    completion_tokens_details: { reasoning_tokens: reasoning },
    cost: 0.0123,
  };
}

/** Until it is told the weather. */
const isCalling = ({ body, behaviour }: Case): boolean =>
  behaviour.tool === 'yes' && !body.messages?.some(({ role }) => role === 'tool');

const headOf = ({ name }: Case, object: string) => ({
  id: 'upstream-4711',
  object,
  created: 1_767_225_600,
  model: name,
  system_fingerprint: 'fp_mock',
  provider: 'Mock & Co.',
  unknown_field: 'kept',
});

async function whole(response: ServerResponse, mock: Case): Promise<void> {
  const { behaviour, body } = mock;
  response.writeHead(200, { 'content-type': 'application/json' });
  if (behaviour.hang === 'first') return void response.flushHeaders();
  const calls = isCalling(mock);
  const content = contentOf(behaviour).repeat(behaviour.chunks);
  const answer = JSON.stringify({
    ...headOf(mock, 'chat.completion'),
    choices: Array.from({ length: body.n ?? 1 }, (_, index) => ({
      index,
      message: { role: 'assistant', ...(calls ? callMessage : { content }) },
      finish_reason: calls ? 'tool_calls' : 'stop',
    })),
    usage: usageOf(mock),
  });
  if (behaviour.rubbish !== 'no') return void response.end('<html>rubbish</html>');
  const half = answer.indexOf(content) + Math.ceil(content.length / 2);
  if (behaviour.hang === 'mid') return void response.write(answer.slice(0, half));
  if (behaviour.cut === 'no') return void response.end(answer);
  response.write(answer.slice(0, half));
  await pause(20);
  response.destroy();
}

async function stream(response: ServerResponse, mock: Case): Promise<void> {
  const { behaviour } = mock;
  const write = writer(response, mock);
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  if (behaviour.hang === 'first') return void response.flushHeaders();
  const deltas = deltasOf(mock);
  const half = Math.ceil(deltas.length / 2);
  for (const [place, delta] of deltas.entries()) {
    if (response.destroyed) break;
    if (place === half && (await stops(response, behaviour))) return;
    if (place === rubbishPlace[behaviour.rubbish](half)) await write('{"choices": [rubbish');
    await write(JSON.stringify(contentChunk(mock, delta)));
    await waits(behaviour.delay, behaviour);
  }
  await end(write, mock);
  if (behaviour.cut !== 'late') return void response.end();
  await pause(20);
  response.destroy();
}

/** At least so many milliseconds. */
async function waits(ms: number, { jitter }: Behaviour): Promise<void> {
  const all = ms + Math.random() * jitter;
  if (all > 0) await pause(all);
}

const rubbishPlace = { no: () => -1, first: () => 0, mid: (half: number) => half };

/** Half-way: falls silent or breaks off, if it was told to. */
async function stops(response: ServerResponse, { hang, cut }: Behaviour): Promise<boolean> {
  if (hang === 'mid') return true;
  if (cut === 'socket') {
    await pause(20);
    response.destroy();
  } else if (cut === 'error') {
    response.end('data: {"error": {"message": "overloaded"}}\n\ndata: [DONE]\n\n');
  } else if (cut === 'early') {
    response.end();
  }
  return cut !== 'no' && cut !== 'late';
}

function deltasOf(mock: Case): readonly object[] {
  const { behaviour } = mock;
  const text = { content: contentOf(behaviour) };
  const said = isCalling(mock) ? callDeltas : Array.from({ length: behaviour.chunks }, () => text);
  return said.map((delta, place) => (place === 0 ? { role: 'assistant', ...delta } : delta));
}

function contentChunk(mock: Case, delta: object): unknown {
  const { body, behaviour } = mock;
  return {
    ...headOf(mock, 'chat.completion.chunk'),
    choices: Array.from({ length: body.n ?? 1 }, (_, index) => ({
      index,
      delta,
      finish_reason: null,
    })),
    usage: ['cumulative', 'early'].includes(behaviour.usage) ? usageOf(mock) : null,
  };
}

async function end(write: (data: string) => Promise<void>, mock: Case): Promise<void> {
  const { body, behaviour } = mock;
  const head = headOf(mock, 'chat.completion.chunk');
  const usage = usageOf(mock);
  const choices = Array.from({ length: body.n ?? 1 }, (_, index) => ({
    index,
    delta: {},
    finish_reason: isCalling(mock) ? 'tool_calls' : 'stop',
  }));
  await write(JSON.stringify({ ...head, choices, ...(behaviour.usage === 'inline' && { usage }) }));
  if (behaviour.cut === 'late') return;
  const isAsked = body.stream_options?.include_usage ?? false;
  if (isAsked && (behaviour.usage === 'yes' || behaviour.usage === 'rubbish')) {
    await write(JSON.stringify({ ...head, choices: [], usage }));
  }
  if (behaviour.mark === 'yes') await write('[DONE]');
}

const lineEnds = { lf: '\n', crlf: '\r\n', cr: '\r' };

function writer(response: ServerResponse, { behaviour, traffic }: Case) {
  const { split, newline, comments } = behaviour;
  const end = lineEnds[newline];
  const send = async (bytes: Uint8Array): Promise<void> => {
    traffic.written += bytes.length;
    if (response.write(bytes) || response.destroyed) return;
    traffic.waiting += 1;
    const taken = new AbortController();
    const { signal } = taken;
    await Promise.race([once(response, 'drain', { signal }), once(response, 'close', { signal })]);
    taken.abort();
    traffic.waiting -= 1;
  };
  return async (data: string): Promise<void> => {
    const comment = comments === 'yes' ? `: still here${end}${end}` : '';
    const bytes = Buffer.from(`${comment}data: ${data}${end}${end}`);
    if (split === 0) return send(bytes);
    for (let from = 0; from < bytes.length && !response.destroyed; from += split) {
      await send(bytes.subarray(from, from + split));
      await nextTurn();
    }
  };
}

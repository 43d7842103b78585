import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { answerStyles, callingStyle, speakingStyle } from './mock-answers.ts';

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
  /** Tokens of sound, within `input` and beside what is written; 0: details say nothing of any. */
  heard: z.coerce.number().default(0),
  spoken: z.coerce.number().default(0),
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
  /** `no`: it answers at once whoever wants a stream. */
  streams: z.enum(['yes', 'no']).default('yes'),
  /** What a transcription's usage is counted in. */
  unit: z.enum(['seconds', 'tokens']).default('seconds'),
  /** Pictures come as addresses, as data, or as both. */
  picture: z.enum(['data', 'address', 'both']).default('data'),
  /** Writes so many bytes at a time; 0: whole events. */
  split: z.coerce.number().default(0),
  newline: z.enum(['lf', 'crlf', 'cr']).default('lf'),
  comments: z.enum(['no', 'yes']).default('no'),
});
export type Behaviour = z.infer<typeof Behaviour>;

const Asked = z.looseObject({
  model: z.string(),
  stream: z.boolean().optional(),
  messages: z.array(z.looseObject({ role: z.string() })).optional(),
  n: z.number().nullish(),
  modalities: z.array(z.string()).nullish(),
  max_tokens: z.number().optional(),
  max_completion_tokens: z.number().optional(),
  stream_options: z.looseObject({ include_usage: z.boolean().optional() }).nullish(),
  response_format: z.unknown().optional(),
  stream_format: z.unknown().optional(),
  file: z.unknown().optional(),
});
export type AskedOfMock = z.infer<typeof Asked>;

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

/** A real HTTP server that speaks OpenAI's protocol, well or badly. */
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
  const body = Asked.parse(await bodyOf(request));
  const time = note(body);
  const [name = '', options = ''] = body.model.split('?');
  const behaviour = Behaviour.parse(Object.fromEntries(new URLSearchParams(options)));
  if (behaviour.hang === 'headers') return;
  await waits(behaviour.latency, behaviour);
  if (behaviour.status !== 200 && time <= behaviour.fails) return refuse(response, behaviour);
  const path = (request.url ?? '').replace(/^\/v1/, '');
  const isStream =
    (body.stream === true && behaviour.streams === 'yes') || path === '/audio/speech';
  await (isStream ? stream : whole)(response, { path, body, name, behaviour, traffic });
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part);
  const bytes = Buffer.concat(parts);
  const type = request.headers['content-type'] ?? '';
  return type.startsWith('multipart/') ? formIn(bytes, type) : JSON.parse(bytes.toString());
}

/** A form's fields, of files how long they are; a name that came several times has a list. */
async function formIn(bytes: Buffer, type: string): Promise<Record<string, unknown>> {
  const form = await new Response(bytes, { headers: { 'content-type': type } }).formData();
  const fields = [...new Set(form.keys())].map((name) => {
    const values = form.getAll(name).map((each) => (typeof each === 'string' ? each : each.size));
    return [name, values.length === 1 ? values[0] : values];
  });
  const { n, stream, ...rest } = Object.fromEntries(fields);
  return {
    ...rest,
    ...(n === undefined ? {} : { n: Number(n) }),
    ...(stream === undefined ? {} : { stream: stream === 'true' }),
  };
}

function refuse(response: ServerResponse, { status, message, param, after }: Behaviour): void {
  const waiting = after === undefined ? {} : { 'retry-after': after };
  response.writeHead(status, { 'content-type': 'application/json', ...waiting });
  const error = { message, type: 'mock_error', param: param ?? null, code: null };
  response.end(JSON.stringify({ error }));
}

/** What a request has the mock do. */
export interface Case {
  readonly path: string;
  readonly body: AskedOfMock;
  readonly name: string;
  readonly behaviour: Behaviour;
  readonly traffic: Traffic;
}

/** Until it is told the weather. */
const isCalling = ({ body, behaviour }: Case): boolean =>
  behaviour.tool === 'yes' && !body.messages?.some(({ role }) => role === 'tool');

const styleOf = (mock: Case) => {
  const { path } = mock;
  const written = mock.body.modalities?.includes('audio') ? speakingStyle : answerStyles[path];
  const style = isCalling(mock) ? callingStyle : written;
  if (!style) throw new Error(`The mock knows no ${path}.`);
  return style;
};

async function whole(response: ServerResponse, mock: Case): Promise<void> {
  const { behaviour } = mock;
  response.writeHead(200, { 'content-type': 'application/json' });
  if (behaviour.hang === 'first') return void response.flushHeaders();
  const { body, half: cutAt } = styleOf(mock).whole(mock);
  const answer = typeof body === 'string' ? body : JSON.stringify(body);
  if (behaviour.rubbish !== 'no') return void response.end('<html>rubbish</html>');
  const half = cutAt === undefined ? Math.ceil(answer.length / 2) : cutAt(answer);
  if (behaviour.hang === 'mid') return void response.write(answer.slice(0, half));
  if (behaviour.cut === 'no') return void response.end(answer);
  response.write(answer.slice(0, half));
  await pause(20);
  response.destroy();
}

async function stream(response: ServerResponse, mock: Case): Promise<void> {
  const { behaviour } = mock;
  const style = styleOf(mock);
  const isBytes = style.isBytes?.(mock) ?? false;
  const write = isBytes ? bytesWriter(response) : writer(response, mock);
  response.writeHead(200, { 'content-type': isBytes ? 'audio/mpeg' : 'text/event-stream' });
  if (behaviour.hang === 'first') return void response.flushHeaders();
  const half = Math.ceil(behaviour.chunks / 2);
  for (let place = 0; place < behaviour.chunks && !response.destroyed; place += 1) {
    if (place === half && (await stops(response, behaviour))) return;
    if (place === rubbishPlace[behaviour.rubbish](half)) await write('{"choices": [rubbish');
    await write(JSON.stringify(style.piece(mock, place)));
    await waits(behaviour.delay, behaviour);
  }
  for (const last of lastsOf(mock, isBytes)) await write(last);
  if (behaviour.cut !== 'late') return void response.end();
  await pause(20);
  response.destroy();
}

/** At least so many milliseconds. */
async function waits(ms: number, { jitter }: Behaviour): Promise<void> {
  const all = ms + Math.random() * jitter;
  if (all > 0) await pause(all);
}

/** What comes behind the pieces, and the end mark unless it is left out. */
function lastsOf(mock: Case, isBytes: boolean): readonly string[] {
  const { mark, cut } = mock.behaviour;
  const lasts = styleOf(mock)
    .last(mock)
    .map((each) => JSON.stringify(each));
  return mark === 'yes' && cut !== 'late' && !isBytes ? [...lasts, '[DONE]'] : lasts;
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

/** Every piece on a line of its own, so that they come one by one. */
const bytesWriter = (response: ServerResponse) => async (data: string) => {
  response.write(data);
  await pause(10);
};

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

import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import type { AskedOfGemini } from './asked-of-gemini.ts';
import { Asked } from './asked-of-gemini.ts';

/** How the mock answers, written behind the model's name: `gemini?chunks=3&usage=no`. */
const Behaviour = z.object({
  /** Events with a text; each is one `text`. */
  chunks: z.coerce.number().default(4),
  text: z.string().default(' word'),
  usage: z.enum(['yes', 'no', 'rubbish']).default('yes'),
  input: z.coerce.number().default(10),
  output: z.coerce.number().optional(),
  cached: z.coerce.number().default(0),
  /** Tokens of sound, within `input`; 0: they are told with those of text. */
  heard: z.coerce.number().default(0),
  /** Tokens that the provider's own tools read. */
  read: z.coerce.number().default(0),
  thinking: z.coerce.number().default(0),
  /** Calls `get_weather` behind its text; `twice`: at once, and without ids. */
  tool: z.enum(['no', 'yes', 'bare', 'twice']).default('no'),
  finish: z.string().default('STOP'),
  /** Why the prompt is refused. */
  blocked: z.string().optional(),
  /** Milliseconds between events. */
  delay: z.coerce.number().default(0),
  status: z.coerce.number().default(200),
  error: z.string().default('INTERNAL'),
  reason: z.string().optional(),
  retry: z.string().optional(),
  message: z.string().default('Told to fail.'),
  /** The error comes as a list of one. */
  listed: z.enum(['no', 'yes']).default('no'),
  hang: z.enum(['no', 'headers', 'first', 'mid']).default('no'),
  cut: z.enum(['no', 'socket', 'early', 'error', 'late']).default('no'),
  rubbish: z.enum(['no', 'first', 'mid']).default('no'),
  /** Writes so many bytes at a time; 0: whole events. */
  split: z.coerce.number().default(0),
});
type Behaviour = z.infer<typeof Behaviour>;

export interface NotedByMock extends AskedOfGemini {
  readonly model: string;
  readonly headers: IncomingMessage['headers'];
}

export interface MockGemini {
  /** For `GEMINI_BASE_URL`. */
  readonly url: string;
  /** Every request, in order. */
  readonly asked: readonly NotedByMock[];
  /** Connections that the caller gave up while the mock still answered. */
  abandoned(): number;
  close(): Promise<void>;
}

/** A real HTTP server that speaks Gemini's protocol, well or badly. */
export async function startMockGemini(): Promise<MockGemini> {
  const asked: NotedByMock[] = [];
  let abandoned = 0;
  const server = createServer((request, response) => {
    response.once('close', () => {
      if (!response.writableFinished) abandoned += 1;
    });
    respond(request, response, (body) => asked.push(body)).catch((error) =>
      response.destroy(error),
    );
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

const path =
  /^\/v1beta\/(models|tunedModels)\/([^/:]+):(generateContent|streamGenerateContent\?alt=sse)$/;

async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  note: (body: NotedByMock) => void,
): Promise<void> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part);
  const [, , name = '', method = ''] = path.exec(request.url ?? '') ?? [];
  const model = decodeURIComponent(name);
  const behaviour = Behaviour.parse(
    Object.fromEntries(new URLSearchParams(model.slice(model.indexOf('?') + 1 || model.length))),
  );
  if (method === '' || !request.headers['x-goog-api-key']) {
    return refuse(response, { ...behaviour, status: 404, error: 'NOT_FOUND' });
  }
  const parsed = Asked.safeParse(JSON.parse(Buffer.concat(parts).toString()));
  if (!parsed.success) {
    const { message } = parsed.error;
    return refuse(response, { ...behaviour, status: 400, error: 'INVALID_ARGUMENT', message });
  }
  note({ ...parsed.data, model, headers: request.headers });
  if (behaviour.hang === 'headers') return;
  if (behaviour.status !== 200) return refuse(response, behaviour);
  await (method === 'generateContent' ? whole : stream)(response, parsed.data, behaviour);
}

function refuse(
  response: ServerResponse,
  { status, error, message, reason, retry, listed }: Behaviour,
): void {
  const type = 'type.googleapis.com/google.rpc';
  const details = [
    ...(reason ? [{ '@type': `${type}.ErrorInfo`, reason, domain: 'googleapis.com' }] : []),
    ...(retry ? [{ '@type': `${type}.RetryInfo`, retryDelay: retry }] : []),
  ];
  const told = { error: { code: status, message, status: error, details } };
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(listed === 'yes' ? [told] : told));
}

const weather = { city: 'Paris', unit: 'celsius' };
const signature = 'c2lnbmVk';

function callsOf({ tool }: Behaviour): readonly object[] {
  const call = (more: object) => ({ functionCall: { name: 'get_weather', ...more } });
  switch (tool) {
    case 'no':
      return [];
    case 'yes':
      return [{ ...call({ id: 'fc_01', args: weather }), thoughtSignature: signature }];
    case 'bare':
      return [call({})];
    case 'twice':
      return [
        { ...call({ args: weather }), thoughtSignature: signature },
        call({ args: { city: 'Rome' } }),
      ];
  }
}

/** The parts of an answer, one an event, and the calls at once. */
function partsOf(behaviour: Behaviour): readonly (readonly object[])[] {
  const { chunks, text, thinking, tool } = behaviour;
  const times = (count: number, part: object) => Array.from({ length: count }, () => [part]);
  const texts = tool === 'no' ? times(chunks, { text }) : [[{ text: 'Let me see.' }]];
  const calls = callsOf(behaviour);
  return [
    ...times(thinking, { text: ' hm', thought: true }),
    ...texts,
    ...(calls.length > 0 ? [calls] : []),
  ];
}

function usageOf(behaviour: Behaviour, n: number): object {
  const { usage, input, cached, heard, read, chunks, thinking, output } = behaviour;
  if (usage === 'no') return {};
  if (usage === 'rubbish') return { usageMetadata: { promptTokenCount: -5 } };
  const written = output ?? chunks * n;
  return {
    usageMetadata: {
      promptTokenCount: input,
      ...(cached > 0 ? { cachedContentTokenCount: cached } : {}),
      ...(read > 0 ? { toolUsePromptTokenCount: read } : {}),
      candidatesTokenCount: written,
      ...(thinking > 0 ? { thoughtsTokenCount: thinking * n } : {}),
      totalTokenCount: input + read + written + thinking * n,
      promptTokensDetails: [
        { modality: 'TEXT', tokenCount: input - heard },
        ...(heard > 0 ? [{ modality: 'AUDIO', tokenCount: heard }] : []),
      ],
    },
  };
}

const logprobsOf = ({ generationConfig: wishes }: AskedOfGemini, { text }: Behaviour): object => {
  if (!wishes.responseLogprobs) return {};
  const tokens = [{ token: text, tokenId: 7, logProbability: -0.5 }];
  const more = wishes.logprobs ? { topCandidates: [{ candidates: tokens }] } : {};
  return { avgLogprobs: -0.5, logprobsResult: { chosenCandidates: tokens, ...more } };
};

const about = { modelVersion: 'gemini-upstream-model', responseId: 'upstream_4711' };
const indexes = ({ generationConfig: { candidateCount = 1 } }: AskedOfGemini) =>
  Array.from({ length: candidateCount }, (_, index) => index);

async function whole(
  response: ServerResponse,
  asked: AskedOfGemini,
  behaviour: Behaviour,
): Promise<void> {
  response.writeHead(200, { 'content-type': 'application/json' });
  if (behaviour.hang === 'first') return void response.flushHeaders();
  if (behaviour.rubbish !== 'no') return void response.end('<html>rubbish</html>');
  const { blocked, finish: finishReason, text } = behaviour;
  const parts = partsOf(behaviour).flat();
  const candidates = indexes(asked).map((index) => ({
    content: { parts: joined(parts), role: 'model' },
    finishReason,
    index,
    ...logprobsOf(asked, behaviour),
  }));
  const answer = JSON.stringify({
    ...(blocked ? { promptFeedback: { blockReason: blocked } } : { candidates }),
    ...usageOf(behaviour, candidates.length),
    ...about,
  });
  const half = answer.indexOf(text) + text.length * 2;
  if (behaviour.hang === 'mid') return void response.write(answer.slice(0, half));
  if (behaviour.cut === 'no') return void response.end(answer);
  response.write(answer.slice(0, half));
  await pause(20);
  response.destroy();
}

const Text = z.looseObject({ text: z.string().default(''), thought: z.boolean().optional() });

/** Neighbours that are texts of one kind are one part. */
function joined(parts: readonly object[]): readonly object[] {
  const all: object[] = [];
  for (const part of parts) {
    const before = Text.safeParse(all.at(-1)).data;
    const now = Text.parse(part);
    if (before?.text && now.text && before.thought === now.thought) {
      all.splice(-1, 1, { ...before, text: before.text + now.text });
    } else {
      all.push(part);
    }
  }
  return all;
}

async function stream(
  response: ServerResponse,
  asked: AskedOfGemini,
  behaviour: Behaviour,
): Promise<void> {
  const write = writer(response, behaviour);
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  if (behaviour.hang === 'first') return void response.flushHeaders();
  if (behaviour.rubbish === 'first') await write('rubbish');
  const count = usageOf(behaviour, indexes(asked).length);
  const { blocked, finish: finishReason, cut } = behaviour;
  if (blocked) {
    await write({ promptFeedback: { blockReason: blocked }, ...count, ...about });
    return void response.end();
  }
  const told = (parts: readonly object[], more: object = {}) => ({
    candidates: indexes(asked).map((index) => ({
      content: { parts, role: 'model' },
      index,
      ...more,
    })),
    ...about,
  });
  if (!(await writeParts(response, write, told, behaviour))) return;
  const last = { finishReason, ...logprobsOf(asked, behaviour) };
  await write({ ...told([{ text: '' }], last), ...count });
  if (cut === 'late') {
    await pause(20);
    return void response.destroy();
  }
  response.end();
}

async function writeParts(
  response: ServerResponse,
  write: Write,
  told: (parts: readonly object[]) => object,
  behaviour: Behaviour,
): Promise<boolean> {
  const all = partsOf(behaviour);
  const half = Math.ceil(all.length / 2);
  const early = usageOf({ ...behaviour, output: 1 }, 1);
  for (const [place, parts] of all.entries()) {
    if (response.destroyed) return false;
    if (place === half && (await stops(response, write, behaviour))) return false;
    if (place === half && behaviour.rubbish === 'mid') await write('rubbish');
    await write({ ...told(parts), ...early });
    if (behaviour.delay > 0) await pause(behaviour.delay);
  }
  return true;
}

type Write = (data: object | 'rubbish') => Promise<void>;

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
    await write({ error: { code: 503, message: 'Overloaded', status: 'UNAVAILABLE' } });
    response.end();
  } else if (cut === 'early') {
    response.end();
  }
  return cut !== 'no' && cut !== 'late';
}

function writer(response: ServerResponse, { split }: Behaviour): Write {
  return async (data) => {
    const bytes = Buffer.from(
      `data: ${data === 'rubbish' ? '{"candidates": rubbish' : JSON.stringify(data)}\r\n\r\n`,
    );
    if (split === 0) return void response.write(bytes);
    for (let from = 0; from < bytes.length && !response.destroyed; from += split) {
      response.write(bytes.subarray(from, from + split));
      await nextTurn();
    }
  };
}

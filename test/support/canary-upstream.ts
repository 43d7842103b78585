import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { serving } from './serving.ts';

/** What nobody but the operator may ever see of an upstream. */
export interface Canaries {
  readonly key: string;
  readonly account: string;
  readonly model: string;
}

export interface CanaryUpstream {
  readonly url: string;
  /** The keys and models that it was asked with. */
  readonly asked: readonly { readonly key: string; readonly model: string }[];
  close(): Promise<void>;
}

/** In what members may be told, and no log line: such words may be those of a prompt. */
export const harmlessCanary = '7301945';

/**
 * An upstream that puts what is secret into every place of its answers. The last message of a
 * request says how it answers: `ok`, a status and a shape (`400 openai`), or how a stream ends.
 */
export async function startCanaryUpstream(canaries: Canaries): Promise<CanaryUpstream> {
  const asked: { key: string; model: string }[] = [];
  const server = createServer((request, response) => {
    answer(request, response, canaries, asked).catch((error) => response.destroy(error));
  });
  return { ...(await serving(server)), asked };
}

/** A text, or parts of a message with one. */
const Said = z
  .union([z.string(), z.array(z.looseObject({ text: z.string() }))])
  .transform((said) => (typeof said === 'string' ? said : said.map(({ text }) => text).join('')));

const Asked = z.looseObject({
  model: z.string(),
  stream: z.boolean().optional(),
  messages: z.array(z.looseObject({ content: Said })).optional(),
  input: Said.optional(),
  prompt: Said.optional(),
});

const howIn = ({ messages, input, prompt }: z.infer<typeof Asked>): string =>
  messages?.at(-1)?.content ?? input ?? prompt ?? '';

const read = async (bytes: Buffer, type: string): Promise<unknown> =>
  type.startsWith('multipart/')
    ? Object.fromEntries(
        await new Response(new Uint8Array(bytes), { headers: { 'content-type': type } }).formData(),
      )
    : JSON.parse(bytes.toString());

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  canaries: Canaries,
  asked: { key: string; model: string }[],
): Promise<void> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part);
  const { authorization = '' } = request.headers;
  if (parts.length === 0) return void response.writeHead(200).end('{}');
  const body = Asked.parse(await read(Buffer.concat(parts), request.headers['content-type'] ?? ''));
  const { model, stream } = body;
  asked.push({ key: authorization.replace('Bearer ', ''), model });
  const [how = 'ok', shape = ''] = howIn(body).split(' ');
  for (const [name, value] of Object.entries(headersOf(canaries))) response.setHeader(name, value);
  if (/^\d{3}$/.test(how)) {
    response.writeHead(Number(how), { 'content-type': 'application/json' });
    return void response.end(errorOf(canaries, shape));
  }
  if (request.url?.endsWith('/audio/speech')) {
    response.writeHead(200, { 'content-type': 'audio/mpeg' });
    return void response.end('Hello, as a sound');
  }
  if (!stream) {
    response.writeHead(200, { 'content-type': 'application/json' });
    const text = JSON.stringify(bodyOf(canaries, request.url ?? ''));
    return void response.end(how === 'ok' ? text : text.slice(0, -20));
  }
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  for (const each of eventsOf(canaries, how)) {
    response.write(each);
    await pause(5);
  }
  response.end();
}

const headersOf = ({ key, account, model }: Canaries) => ({
  'x-request-id': key,
  'openai-organization': account,
  'openai-model': model,
  'x-api-key': key,
  server: account,
  via: account,
  'set-cookie': `session=${key}`,
  'retry-after': '0',
  'x-ratelimit-limit-requests': account,
  'x-should-retry': account,
});

const usageOf = ({ account, key }: Canaries) => ({
  ...{ prompt_tokens: 7, completion_tokens: 2, total_tokens: 9 },
  ...{ cost: 0.01, billed_to: account, cost_details: { key } },
});

const headOf = ({ key, account, model }: Canaries, object: string) => ({
  ...{ id: `chatcmpl-${key}`, object, created: 1_767_225_600, model },
  ...{ system_fingerprint: `fp_${key}`, provider: account, service_tier: account },
  ...{ account, organization: { name: account }, unknown: [account, { deep: key }], [account]: 1 },
  ...{ prompt_filter_results: [{ model }], x_groq: { id: key }, routed_to: model },
});

function bodyOf(canaries: Canaries, path: string): object {
  const { account, key } = canaries;
  const head = headOf(canaries, 'list');
  const usage = usageOf(canaries);
  const by = { by: account, routed: [{ to: key }] };
  if (path.endsWith('/chat/completions')) return chatOf(canaries);
  if (path.endsWith('/completions')) {
    const choice = { index: 0, text: 'Hello there', finish_reason: 'stop', logprobs: null, ...by };
    return { ...head, choices: [choice], usage };
  }
  if (path.endsWith('/embeddings')) {
    return { ...head, data: [{ object: 'embedding', index: 0, embedding: [0.5], ...by }], usage };
  }
  if (path.endsWith('/moderations')) {
    const categories = { hate: false, 'hate/threatening': false };
    const scores = { hate: 0.1, 'hate/threatening': 0.01 };
    return { ...head, results: [{ flagged: false, categories, category_scores: scores, ...by }] };
  }
  if (/\/audio\/(transcriptions|translations)$/.test(path)) {
    return { ...head, text: 'Hello there', duration: 3, language: account, segments: [by], usage };
  }
  return { ...head, data: [{ b64_json: 'aGV5IQ==', url: `https://${key}.example`, ...by }], usage };
}

const soundOf = ({ key, account }: Canaries) => ({
  ...{ id: `audio-${key}`, data: 'AAAA', transcript: '', expires_at: 1_767_229_200 },
  ...{ voice_of: account, source: { key } },
});

const chatOf = (canaries: Canaries) => ({
  ...headOf(canaries, 'chat.completion'),
  choices: [
    {
      ...{ index: 0, finish_reason: 'stop', native_finish_reason: canaries.account },
      message: {
        ...{ role: 'assistant', content: 'Hello there', name: canaries.account },
        provider_specific_fields: { key: canaries.key },
        audio: soundOf(canaries),
        tool_calls: [
          {
            id: `call-${canaries.key}`,
            type: 'function',
            function: { name: 'f', arguments: '{}', by: canaries.account },
            extra_content: { by: canaries.account },
          },
        ],
      },
      content_filter_results: { by: canaries.account },
      logprobs: {
        content: [{ token: 'Hello', logprob: -1, bytes: null, top_logprobs: [], by: canaries.key }],
        refusal: null,
        by: canaries.account,
      },
    },
  ],
  usage: usageOf(canaries),
});

function eventsOf(canaries: Canaries, how: string): readonly string[] {
  const { key, account } = canaries;
  const chunk = (delta: object, finish: string | null, more: object = {}) => {
    const choice = { index: 0, delta, finish_reason: finish, seen_by: account };
    const head = headOf(canaries, 'chat.completion.chunk');
    return event({ ...head, choices: [choice], ...more });
  };
  const begin = [
    `: ${account} ${key}\n\n`,
    `event: ${account}\nid: ${key}\n`,
    chunk({ role: 'assistant', content: 'Hello', by: account }, null),
    chunk({ content: ' there', audio: soundOf(canaries) }, null),
  ];
  if (how === 'cut') return begin;
  if (how === 'error') return [...begin, event({ error: { message: account, code: key } })];
  if (how === 'rubbish') return [...begin, `data: {"${key}": ${account}\n\n`];
  const usage = event({
    ...headOf(canaries, 'chat.completion.chunk'),
    choices: [],
    usage: usageOf(canaries),
  });
  return [...begin, chunk({}, account), chunk({}, 'stop'), usage, 'data: [DONE]\n\n'];
}

const event = (data: unknown): string => `data: ${JSON.stringify(data)}\n\n`;

function errorOf({ key, account, model }: Canaries, shape: string): string {
  const message = `${account} may not use ${model} with ${key}`;
  switch (shape) {
    case 'plain':
      return message;
    case 'flat':
      return JSON.stringify({ code: 20_015, message, data: key });
    case 'list':
      return JSON.stringify([{ error: { code: 400, message, status: account } }]);
    case 'harmless':
      return JSON.stringify({ error: { message: `Bad value of ${account}`, param: account } });
    case 'words':
      return JSON.stringify({ error: { message: `Too long by ${harmlessCanary} tokens.` } });
    case 'text':
      return JSON.stringify({ code: account, error: message });
    default:
      return JSON.stringify({ error: { message, type: account, param: key, code: model } });
  }
}

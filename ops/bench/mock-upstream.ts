import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * A model that answers at once, and counts. `mock` answers in one body or, asked for a stream, in chunks;
 * `mock-200` in so many, all at once; `mock-20-every-500` in so many, one every so many ms.
 * `GET /count` says how many answers it gave.
 */
const about = { id: 'chatcmpl-mock', created: 1_767_225_600 };
const words = 'A short answer of a few words.';
const usageOf = (output: number) => ({
  prompt_tokens: 12,
  completion_tokens: output,
  total_tokens: 12 + output,
});

const body = (model: string) =>
  JSON.stringify({
    ...about,
    object: 'chat.completion',
    model,
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content: words, refusal: null },
        finish_reason: 'stop',
      },
    ],
    usage: usageOf(8),
  });

const event = (model: string, rest: object) =>
  `data: ${JSON.stringify({ ...about, object: 'chat.completion.chunk', model, ...rest })}\n\n`;

/** The chunks of a stream: so many with a word, then what ends it. */
function* chunks(model: string, count: number, wantsUsage: boolean) {
  for (let index = 1; index <= count; index += 1) {
    const delta = index === 1 ? { role: 'assistant', content: 'word ' } : { content: 'word ' };
    const finish = index === count ? 'stop' : null;
    yield event(model, { choices: [{ index: 0, delta, finish_reason: finish }] });
  }
  if (wantsUsage) yield event(model, { choices: [], usage: usageOf(count) });
  yield 'data: [DONE]\n\n';
}

interface Asked {
  readonly model: string;
  readonly stream?: boolean;
  readonly stream_options?: { readonly include_usage?: boolean };
}

async function read(request: IncomingMessage): Promise<Asked> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return JSON.parse(Buffer.concat(parts).toString()) as Asked;
}

let answers = 0;

async function answer(asked: Asked, response: ServerResponse): Promise<void> {
  const { model, stream, stream_options: wishes } = asked;
  if (!stream) {
    const text = body(model);
    const length = Buffer.byteLength(text);
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': length });
    response.end(text);
    return;
  }
  const [, count = '20', , everyMs] = /^mock-(\d+)(-every-(\d+))?$/.exec(model) ?? [];
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  for (const chunk of chunks(model, Number(count), wishes?.include_usage ?? false)) {
    response.write(chunk);
    if (everyMs !== undefined) await sleep(Number(everyMs));
  }
  response.end();
}

const server = createServer((request, response) => {
  if (request.url === '/count') {
    response.end(String(answers));
    return;
  }
  read(request).then(
    (asked) => {
      answers += 1;
      return answer(asked, response);
    },
    () => response.destroy(),
  );
});
server.listen({ port: 0, host: '127.0.0.1', backlog: 4_096 }, () =>
  process.send?.(server.address()),
);
process.on('disconnect', () => process.exit());

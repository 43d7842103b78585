import { serverSentEvents } from '../../src/adapters/llm/server-sent-events.ts';
import { MessagesReply } from '../../src/api/anthropic/schemas.ts';
import { AnthropicError } from '../../src/api/error-schemas.ts';
import { mismatches } from '../openai/schemas.ts';

export interface Watched {
  /** What a client is given instead of the global one. */
  readonly fetch: typeof fetch;
  /** What was wrong with answers, by OpenAI's published schemas. */
  readonly faults: readonly string[];
  /** How often it was called. */
  asked(): number;
}

/** A `fetch` that reads along, and holds every answer, chunk and error against what the API promises. */
export function checkedFetch(): Watched {
  const faults: string[] = [];
  let asked = 0;
  const watching: typeof fetch = async (input, init) => {
    asked += 1;
    const response = await fetch(input, init);
    const { pathname } = new URL(input instanceof Request ? input.url : input);
    const judge = judgeOf(pathname.replace(/^.*\/v1\//, ''), response.status);
    const note = (value: string) =>
      faults.push(...judge(value).map((each) => `${pathname}: ${each}`));
    const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') ?? false;
    const body = response.body?.pipeThrough(isStream ? eachEvent(note) : whole(note)) ?? null;
    const { status, statusText, headers } = response;
    return new Response(body, { status, statusText, headers });
  };
  return { fetch: watching, faults, asked: () => asked };
}

type Judge = (text: string) => readonly string[];

function judgeOf(path: string, status: number): Judge {
  if (path.startsWith('messages')) return anthropicJudge(status);
  if (status >= 400) return by('ErrorResponse');
  if (path === 'models') return by('ListModelsResponse');
  if (path.startsWith('models/')) return by('Model');
  return (text) => {
    if (text.startsWith('{"error"')) return by('ErrorResponse')(text);
    const isChunk = text.includes('"chat.completion.chunk"');
    return by(isChunk ? 'CreateChatCompletionStreamResponse' : 'CreateChatCompletionResponse')(
      text,
    );
  };
}

const by =
  (name: string): Judge =>
  (text) =>
    text === '[DONE]' ? [] : mismatches(name, JSON.parse(text)).map((each) => `${each}: ${text}`);

/** Its events have no schema that somebody publishes; its client reads them. */
const anthropicJudge =
  (status: number): Judge =>
  (text) => {
    const value: unknown = JSON.parse(text);
    const isMessage = text.includes('"type":"message"') && !text.includes('message_start');
    const schema = status >= 400 ? AnthropicError : isMessage ? MessagesReply : undefined;
    const { error } = schema?.safeParse(value) ?? {};
    return error ? [error.message] : [];
  };

function whole(note: (text: string) => void): TransformStream<Uint8Array, Uint8Array> {
  const decoder = new TextDecoder();
  let text = '';
  return new TransformStream({
    transform(bytes, controller) {
      text += decoder.decode(bytes, { stream: true });
      controller.enqueue(bytes);
    },
    flush: () => note(text + decoder.decode()),
  });
}

function eachEvent(note: (text: string) => void): TransformStream<Uint8Array, Uint8Array> {
  const events = serverSentEvents();
  return new TransformStream({
    transform(bytes, controller) {
      events.push(bytes).forEach(note);
      controller.enqueue(bytes);
    },
    flush: () => events.end().forEach(note),
  });
}

import { chatAnswer, chatStream, isJson } from './chat-stream.ts';
import type { ProviderOptions } from './http-upstream.ts';
import { httpUpstream } from './http-upstream.ts';
import { plainRequest } from './plain-request.ts';
import { refusal } from './refusal.ts';
import type { Json, OpenUpstream, UpstreamRequest } from './upstream.ts';
import type { Address } from './upstream-address.ts';

export interface OpenAiOptions extends ProviderOptions {
  /**
   * The one field that carries the output limit, whichever the member used. OpenAI's own newer
   * models refuse `max_tokens`; many compatible servers ignore `max_completion_tokens`, and an
   * ignored limit is an unpaid answer.
   */
  readonly outputLimit: 'max_completion_tokens' | 'max_tokens';
  /** The header that carries the key; `authorization` unless said. */
  readonly keyHeader?: 'authorization' | 'api-key';
  /** Where it isn't simply the path behind the base URL. */
  readonly addressOf?: (address: Address) => string;
  /** What answers to a GET and costs nothing; the list of models unless said. */
  readonly probePath?: string;
  /** Makes a usage say what OpenAI's would, in place. */
  readonly tidyUsage?: (usage: Json) => void;
}

/** Any server that speaks OpenAI's chat protocol. */
export const openAiUpstream = (options: OpenAiOptions): OpenUpstream =>
  httpUpstream(options, {
    path: '/chat/completions',
    probePath: options.probePath ?? '/models',
    headers: keyHeaders(options),
    ...(options.addressOf ? { addressOf: options.addressOf } : {}),
    bodyOf: (request) => bodyOf(options, request),
    answerOf: (text) => tidied(chatAnswer(text), options),
    beginningOf: (text) => text,
    stream: () => tidyStream(options),
    refusalOf: refusal,
  });

function keyHeaders({ apiKey, keyHeader }: OpenAiOptions): Readonly<Record<string, string>> {
  // Servers of one's own often want none.
  if (apiKey === '') return {};
  return keyHeader === 'api-key' ? { 'api-key': apiKey } : { authorization: `Bearer ${apiKey}` };
}

function tidied(answer: Json, { tidyUsage }: OpenAiOptions): Json {
  if (tidyUsage && isJson(answer.usage)) tidyUsage(answer.usage);
  return answer;
}

function tidyStream(options: OpenAiOptions) {
  const stream = chatStream();
  if (!options.tidyUsage) return stream;
  return {
    ...stream,
    read: (events: readonly string[]) => stream.read(events).map((chunk) => tidied(chunk, options)),
  };
}

/** The member's body, with what we decide in it. */
function bodyOf(
  { outputLimit }: OpenAiOptions,
  { body: given, extended, model, stream, maxOutput }: UpstreamRequest,
): Json {
  const body = extended ? plainRequest(given, model) : given;
  const { max_tokens: _, max_completion_tokens: __, stream_options: wishes, ...rest } = body;
  const limited = { ...rest, model, [outputLimit]: maxOutput };
  if (!stream) return limited;
  return { ...limited, stream_options: { ...(isJson(wishes) ? wishes : {}), include_usage: true } };
}

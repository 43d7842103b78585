import { chatAnswer, chatStream, isJson } from './chat-stream.ts';
import type { ProviderOptions } from './http-upstream.ts';
import { httpUpstream } from './http-upstream.ts';
import { plainRequest } from './plain-request.ts';
import { refusal } from './refusal.ts';
import type { Json, Upstream, UpstreamRequest } from './upstream.ts';

export interface OpenAiOptions extends ProviderOptions {
  /**
   * The one field that carries the output limit, whichever the member used. OpenAI's own newer
   * models refuse `max_tokens`; many compatible servers ignore `max_completion_tokens`, and an
   * ignored limit is an unpaid answer.
   */
  readonly outputLimit: 'max_completion_tokens' | 'max_tokens';
}

/** Any server that speaks OpenAI's chat protocol. */
export const openAiUpstream = (options: OpenAiOptions): Upstream & { close(): Promise<void> } =>
  httpUpstream(options, {
    path: '/chat/completions',
    headers: { authorization: `Bearer ${options.apiKey}` },
    bodyOf: (request) => bodyOf(options, request),
    answerOf: chatAnswer,
    beginningOf: (text) => text,
    stream: chatStream,
    refusalOf: refusal,
  });

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

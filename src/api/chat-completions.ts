import type { z } from 'zod';
import { ChatReply, ChatRequest, outputLimit } from './chat-schemas.ts';
import type { ModelCallParts } from './model-call.ts';
import { mediaLimitBytes, modelCall } from './model-call.ts';
import { modelReply } from './model-reply.ts';
import type { Route } from './route.ts';
import { route } from './route.ts';

/** `POST /v1/chat/completions`, as OpenAI's SDKs expect it. */
export const chatCompletions = (parts: ModelCallParts): Route =>
  route({
    method: 'POST',
    path: '/v1/chat/completions',
    who: 'key',
    summary: 'Ask a model; streams when `stream` is true',
    body: ChatRequest,
    limitBytes: mediaLimitBytes,
    reply: ChatReply,
    async handle({ caller, body, request }) {
      const made = await modelCall(parts, { caller, request }, callOf(body));
      return modelReply({ ...parts, made, request });
    },
  });

const callOf = (body: z.output<typeof ChatRequest>) => ({
  endpoint: 'chat' as const,
  model: body.model,
  body,
  stream: body.stream ?? false,
  n: body.n ?? 1,
  outputTokens: outputLimit(body.max_completion_tokens ?? body.max_tokens),
  wantsUsage: body.stream_options?.include_usage ?? false,
});

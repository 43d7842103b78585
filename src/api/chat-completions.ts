import type { ServerResponse } from 'node:http';
import type { z } from 'zod';
import { ChatReply, ChatRequest } from './chat-schemas.ts';
import { errorAnswer } from './errors.ts';
import type { ModelCallParts } from './model-call.ts';
import { faultOf, limitBytes, modelCall, usualStallMs } from './model-call.ts';
import type { RequestFacts, Route } from './route.ts';
import { route } from './route.ts';
import { eventStreamHeaders, eventStreamType, openAiFraming, sendEvents } from './sse.ts';

/** `POST /v1/chat/completions`, as OpenAI's SDKs expect it. */
export const chatCompletions = (parts: ModelCallParts): Route =>
  route({
    method: 'POST',
    path: '/v1/chat/completions',
    who: 'key',
    summary: 'Ask a model; streams when `stream` is true',
    body: ChatRequest,
    limitBytes,
    reply: ChatReply,
    async handle({ caller, body, request }) {
      const { call, answer, stalled } = await modelCall(parts, { caller, request }, callOf(body));
      if (!answer.stream) {
        return { text: JSON.stringify(answer.body), type: 'application/json; charset=utf-8' };
      }
      const stream = (response: ServerResponse) =>
        sendEvents(response, {
          batches: answer.chunks,
          framing: openAiFraming,
          ended: answer.ended,
          stallMs: parts.stallMs ?? usualStallMs,
          stalled,
          errorBody: (error) => errorBodyOf(faultOf(error, call), request),
        });
      return { stream, type: eventStreamType, headers: eventStreamHeaders };
    },
  });

const callOf = (body: z.output<typeof ChatRequest>) => ({
  model: body.model,
  body,
  stream: body.stream ?? false,
  n: body.n ?? 1,
  outputTokens: body.max_completion_tokens ?? body.max_tokens ?? undefined,
  wantsUsage: body.stream_options?.include_usage ?? false,
});

function errorBodyOf(error: unknown, { locale, id, describe }: RequestFacts): unknown {
  const { body, code } = errorAnswer(error, { openAi: true, locale, requestId: id });
  describe({ code });
  return body;
}

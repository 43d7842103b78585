import type { ServerResponse } from 'node:http';
import type { z } from 'zod';
import type { ChatAnswer } from '../adapters/llm/chat-call.ts';
import { callError } from './call-error.ts';
import { ChatReply, ChatRequest } from './chat-schemas.ts';
import { errorAnswer } from './errors.ts';
import type { ModelCallParts } from './model-call.ts';
import { limitBytes, modelCall, timesOf } from './model-call.ts';
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
      const { answer, stalled } = await modelCall(parts, { caller, request }, callOf(body));
      if (!answer.stream) {
        const text = JSON.stringify(answer.body);
        return { text, type: 'application/json; charset=utf-8', headers: ignoredIn(answer) };
      }
      const stream = (response: ServerResponse) =>
        sendEvents(response, {
          batches: answer.chunks,
          framing: openAiFraming,
          ended: answer.ended,
          ...timesOf(parts),
          stalled,
          errorBody: (error) => errorBodyOf(callError(error, body.model), request),
        });
      const headers = { ...eventStreamHeaders, ...ignoredIn(answer) };
      return { stream, type: eventStreamType, headers };
    },
  });

/** Names the fields of a request that the model was not asked for. */
const ignoredIn = ({ ignored = [] }: ChatAnswer): Readonly<Record<string, string>> =>
  ignored.length === 0 ? {} : { 'x-ignored-parameters': ignored.join(', ') };

const callOf = (body: z.output<typeof ChatRequest>) => ({
  model: body.model,
  body,
  stream: body.stream ?? false,
  n: body.n ?? 1,
  outputTokens: leastOf(body.max_completion_tokens ?? body.max_tokens),
  wantsUsage: body.stream_options?.include_usage ?? false,
});

/** No model writes less than one token, and some take 0 for no limit at all. */
const leastOf = (tokens: number | null | undefined): number | undefined =>
  typeof tokens === 'number' ? Math.max(1, tokens) : undefined;

function errorBodyOf(error: unknown, { locale, id, describe }: RequestFacts): unknown {
  const { body, code } = errorAnswer(error, { openAi: true, locale, requestId: id });
  describe({ code });
  return body;
}

import type { ServerResponse } from 'node:http';
import { OpenAiError } from './error-schemas.ts';
import { errorAnswer } from './errors.ts';
import type { Asked, ModelCallParts } from './model-call.ts';
import { faultOf, mediaLimitBytes, modelCall, timesOf } from './model-call.ts';
import { ignoredIn } from './model-reply.ts';
import { nativeOf } from './responses/native-request.ts';
import type { Failure } from './responses/response-events.ts';
import { responseEvents, responseWriter } from './responses/response-events.ts';
import { headOf } from './responses/response-object.ts';
import { ResponsesReply, ResponsesRequest } from './responses/schemas.ts';
import { chatOf } from './responses/to-chat.ts';
import type { RequestFacts, Route } from './route.ts';
import { route } from './route.ts';
import { eventStreamHeaders, eventStreamType, namedFraming, sendEvents } from './sse.ts';

/** `POST /v1/responses`, as OpenAI's SDKs expect it; whichever upstream answers. */
export const responses = (parts: ModelCallParts): Route =>
  route({
    method: 'POST',
    path: '/v1/responses',
    who: 'key',
    summary: 'Ask a model in the words of OpenAI’s Responses; streams when `stream` is true',
    body: ResponsesRequest,
    limitBytes: mediaLimitBytes,
    reply: ResponsesReply,
    async handle({ caller, body, request }) {
      const { call, answer, stalled } = await modelCall(parts, { caller, request }, callOf(body));
      const writer = responseWriter(
        headOf(call.facts.callId, { ...body, model: call.facts.model }),
      );
      const ignored = ignoredIn(answer, call.nameOf);
      if (!answer.stream) {
        const text = JSON.stringify(writer.whole(answer.body));
        return { text, type: jsonType, headers: ignored };
      }
      const failureOf = (error: unknown) => failure(faultOf(error, call), request);
      const stream = (response: ServerResponse) =>
        sendEvents(response, {
          batches: responseEvents(answer.chunks, writer, failureOf),
          framing: namedFraming,
          ended: answer.ended,
          ...timesOf(parts),
          stalled,
          errorBody: (error) => writer.error(failureOf(error)),
        });
      return { stream, type: eventStreamType, headers: { ...eventStreamHeaders, ...ignored } };
    },
  });

const jsonType = 'application/json; charset=utf-8';

const callOf = (request: ResponsesRequest): Asked => ({
  ...{ endpoint: 'chat', model: request.model, n: 1, wantsUsage: true },
  ...chatOf(request),
  native: nativeOf(request),
  stream: request.stream ?? false,
  outputTokens: request.max_output_tokens ?? undefined,
});

function failure(error: unknown, { locale, id, describe }: RequestFacts): Failure {
  const { body, code } = errorAnswer(error, { openAi: true, locale, requestId: id });
  describe({ code });
  return OpenAiError.parse(body).error;
}

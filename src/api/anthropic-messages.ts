import type { ServerResponse } from 'node:http';
import type { CountedRequest } from '../adapters/llm/plan-call.ts';
import type { AnthropicEvent } from './anthropic/blocks.ts';
import { messageIdOf, messageOf } from './anthropic/from-chat.ts';
import { messageEvents } from './anthropic/message-events.ts';
import type { CountRequest as CountBody } from './anthropic/schemas.ts';
import { CountReply, CountRequest, MessagesReply, MessagesRequest } from './anthropic/schemas.ts';
import { chatOf, namesIn } from './anthropic/to-chat.ts';
import { callError } from './call-error.ts';
import { errorAnswer } from './errors.ts';
import type { AliasParts, ModelCallParts } from './model-call.ts';
import { faultOf, mediaLimitBytes, modelCall, permitted, timesOf } from './model-call.ts';
import { ignoredIn } from './model-reply.ts';
import type { RequestFacts, Route } from './route.ts';
import { route } from './route.ts';
import { eventStreamHeaders, eventStreamType, namedFraming, sendEvents } from './sse.ts';

/** `POST /v1/messages`, as Anthropic's SDKs expect it; whichever upstream answers. */
export const messages = (parts: ModelCallParts): Route =>
  route({
    method: 'POST',
    path: '/v1/messages',
    who: 'key',
    summary: 'Ask a model in Anthropic’s words; streams when `stream` is true',
    body: MessagesRequest,
    limitBytes: mediaLimitBytes,
    reply: MessagesReply,
    async handle({ caller, body, request }) {
      const asked = callOf(body);
      const { call, answer, stalled } = await modelCall(parts, { caller, request }, asked);
      const head = { id: messageIdOf(call.facts.callId), model: call.facts.model };
      const ignored = ignoredIn(answer, call.nameOf);
      if (!answer.stream) {
        const message = JSON.stringify(messageOf(answer.body, head));
        return { text: message, type: 'application/json; charset=utf-8', headers: ignored };
      }
      const stream = (response: ServerResponse) =>
        sendEvents(response, {
          batches: messageEvents(answer.chunks, head),
          framing: namedFraming,
          ended: answer.ended,
          ...timesOf(parts),
          stalled,
          errorBody: (error) => errorEventOf(faultOf(error, call), request),
        });
      return { stream, type: eventStreamType, headers: { ...eventStreamHeaders, ...ignored } };
    },
  });

/** As a chat, and what that is called here. */
function told(body: CountBody & Partial<MessagesRequest>) {
  const chat = chatOf(body);
  return { body: chat, nameOf: namesIn(chat) };
}

const callOf = (body: MessagesRequest) => ({
  endpoint: 'chat' as const,
  model: body.model,
  ...told(body),
  extended: true,
  stream: body.stream ?? false,
  n: 1,
  outputTokens: body.max_tokens,
  wantsUsage: true,
});

function errorEventOf(error: unknown, { locale, id, describe }: RequestFacts): AnthropicEvent {
  const audience = { openAi: true, anthropic: true, locale, requestId: id };
  const { body, code } = errorAnswer(error, audience);
  describe({ code });
  return { ...body, type: 'error' };
}

/** Tokens of a request's input; throws a `CallFault` where no call could be made. */
export type CountInput = (asked: CountedRequest) => Promise<number>;

/** `POST /v1/messages/count_tokens`: costs nothing. */
export const countTokens = (count: CountInput, parts: AliasParts = {}): Route =>
  route({
    method: 'POST',
    path: '/v1/messages/count_tokens',
    who: 'key',
    summary: 'How many tokens a request would be, in Anthropic’s words',
    body: CountRequest,
    limitBytes: mediaLimitBytes,
    reply: CountReply,
    async handle({ caller, body, request }) {
      const asking = { caller, request: { ...request, endpoint: '/v1/messages' } };
      const { alias } = permitted(parts, asking, body.model);
      const asked = { model: alias, ...told(body), client: request.signal };
      return { body: { input_tokens: await counted(count, asked) } };
    },
  });

async function counted(count: CountInput, asked: CountedRequest): Promise<number> {
  try {
    return await count(asked);
  } catch (error) {
    throw callError(error, asked.model);
  }
}

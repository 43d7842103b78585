import type { ServerResponse } from 'node:http';
import type { z } from 'zod';
import type { ChatAnswer, ChatCall } from '../adapters/llm/chat-call.ts';
import { callError } from './call-error.ts';
import { callIdOf } from './call-id.ts';
import type { KeyCaller } from './caller.ts';
import { ChatReply, ChatRequest } from './chat-schemas.ts';
import { ApiError, errorAnswer } from './errors.ts';
import type { GateReason } from './ready.ts';
import type { RequestFacts, Route } from './route.ts';
import { route } from './route.ts';
import { scenarioOf } from './scenario.ts';
import { eventStreamHeaders, eventStreamType, sendEvents } from './sse.ts';

export interface ChatCompletionsParts {
  readonly answer: (call: ChatCall) => Promise<ChatAnswer>;
  /** Why no new call may begin; null: it may. */
  readonly gate: () => GateReason | null;
  /** How long a client may take nothing before its call is ended; 60 s unless said. */
  readonly stallMs?: number;
}

const limitBytes = 8 * 1_024 * 1_024;
const usualStallMs = 60_000;

/** `POST /v1/chat/completions`, as OpenAI's SDKs expect it. */
export const chatCompletions = (parts: ChatCompletionsParts): Route =>
  route({
    method: 'POST',
    path: '/v1/chat/completions',
    who: 'key',
    summary: 'Ask a model; streams when `stream` is true',
    body: ChatRequest,
    limitBytes,
    reply: ChatReply,
    async handle({ caller, body, request }) {
      const closed = parts.gate();
      if (closed !== null) throw new ApiError('unavailable', { why: closed });
      const client = clientOf(request.signal);
      const call = callOf(body, { caller, request, client: client.signal });
      request.describe({ call: call.facts.callId, model: body.model });
      const answer = await answered(parts, call);
      if (!answer.stream) {
        return { text: JSON.stringify(answer.body), type: 'application/json; charset=utf-8' };
      }
      const stream = (response: ServerResponse) =>
        sendEvents(response, {
          batches: answer.chunks,
          ended: answer.ended,
          stallMs: parts.stallMs ?? usualStallMs,
          stalled: client.stalled,
          errorBody: (error) => errorBodyOf(callError(error, body.model), request),
        });
      return { stream, type: eventStreamType, headers: eventStreamHeaders };
    },
  });

async function answered({ answer }: ChatCompletionsParts, call: ChatCall): Promise<ChatAnswer> {
  try {
    return await answer(call);
  } catch (error) {
    throw callError(error, call.facts.model);
  }
}

/** The client's presence: gone, or there and not reading. */
function clientOf(gone: AbortSignal) {
  const client = new AbortController();
  const leave = () => client.abort('client_closed');
  if (gone.aborted) leave();
  else gone.addEventListener('abort', leave, { once: true });
  return { signal: client.signal, stalled: () => client.abort('client_stalled') };
}

interface Asking {
  readonly caller: KeyCaller;
  readonly request: RequestFacts;
  readonly client: AbortSignal;
}

const callOf = (
  body: z.output<typeof ChatRequest>,
  { caller, request, client }: Asking,
): ChatCall => ({
  facts: {
    callId: callIdOf(request.id),
    memberId: caller.memberId,
    apiKeyId: caller.keyId,
    requestId: request.id,
    clientRequestId: request.clientRequestId,
    model: body.model,
  },
  walletId: caller.walletId,
  body,
  scenario: scenarioOf(request.header('x-scenario')),
  stream: body.stream ?? false,
  n: body.n ?? 1,
  outputTokens: body.max_completion_tokens ?? body.max_tokens ?? undefined,
  wantsUsage: body.stream_options?.include_usage ?? false,
  client,
});

function errorBodyOf(error: unknown, { locale, id, describe }: RequestFacts): unknown {
  const { body, code } = errorAnswer(error, { openAi: true, locale, requestId: id });
  describe({ code });
  return body;
}

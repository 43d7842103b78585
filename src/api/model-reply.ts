import type { ServerResponse } from 'node:http';
import { errorAnswer } from './errors.ts';
import type { MadeCall, ModelCallParts } from './model-call.ts';
import { faultOf, usualStallMs } from './model-call.ts';
import type { Answer, RequestFacts } from './route.ts';
import type { Framing } from './sse.ts';
import {
  eventStreamHeaders,
  eventStreamType,
  openAiFraming,
  sendBytes,
  sendEvents,
} from './sse.ts';

export interface ReplyParts extends Pick<ModelCallParts, 'stallMs'> {
  readonly made: MadeCall;
  readonly request: RequestFacts;
  /** Of events; OpenAI's for chats unless said. */
  readonly framing?: Framing<unknown>;
}

/** A call's answer as OpenAI's clients read it: one JSON, or events and an end mark. */
export function modelReply(parts: ReplyParts): Answer<never> {
  const { answer } = parts.made;
  if (!answer.stream) {
    return { text: JSON.stringify(answer.body), type: 'application/json; charset=utf-8' };
  }
  const stream = (response: ServerResponse) =>
    sendEvents(response, {
      batches: answer.chunks,
      framing: parts.framing ?? openAiFraming,
      ...waysOut(parts, answer.ended),
    });
  return { stream, type: eventStreamType, headers: eventStreamHeaders };
}

/** The same of an answer that is no text, but bytes of a type. */
export function bytesReply(parts: ReplyParts, type: string): Answer<never> {
  const { answer } = parts.made;
  if (!answer.stream) return modelReply(parts);
  const stream = (response: ServerResponse) =>
    sendBytes(response, { batches: answer.chunks, ...waysOut(parts, answer.ended) });
  return { stream, type };
}

const waysOut = (
  { stallMs = usualStallMs, made: { call, stalled }, request }: ReplyParts,
  ended: AbortSignal,
) => ({
  ended,
  stallMs,
  stalled,
  errorBody: (error: unknown) => errorBodyOf(faultOf(error, call), request),
});

function errorBodyOf(error: unknown, { locale, id, describe }: RequestFacts): unknown {
  const { body, code } = errorAnswer(error, { openAi: true, locale, requestId: id });
  describe({ code });
  return body;
}

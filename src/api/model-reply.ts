import type { ServerResponse } from 'node:http';
import type { NameOf } from '../adapters/llm/field-names.ts';
import type { ModelAnswer } from '../adapters/llm/model-call.ts';
import { errorAnswer } from './errors.ts';
import type { MadeCall, ModelCallParts } from './model-call.ts';
import { faultOf, timesOf } from './model-call.ts';
import type { Answer, RequestFacts } from './route.ts';
import type { Framing } from './sse.ts';
import {
  eventStreamHeaders,
  eventStreamType,
  openAiFraming,
  sendBytes,
  sendEvents,
} from './sse.ts';

export interface ReplyParts extends Pick<ModelCallParts, 'stallMs' | 'keepAliveMs'> {
  readonly made: MadeCall;
  readonly request: RequestFacts;
  /** Of events; OpenAI's for chats unless said. */
  readonly framing?: Framing<unknown>;
}

/** A call's answer as OpenAI's clients read it: one JSON, or events and an end mark. */
export function modelReply(parts: ReplyParts): Answer<never> {
  const { answer } = parts.made;
  if (!answer.stream) {
    const text = JSON.stringify(answer.body);
    return { text, type: 'application/json; charset=utf-8', headers: ignoredIn(answer) };
  }
  const stream = (response: ServerResponse) =>
    sendEvents(response, {
      batches: answer.chunks,
      framing: parts.framing ?? openAiFraming,
      ...waysOut(parts, answer.ended),
    });
  const headers = { ...eventStreamHeaders, ...ignoredIn(answer) };
  return { stream, type: eventStreamType, headers };
}

const mostIgnored = 32;
const mostCharacters = 64;

/** Names the fields of a request that the model was not asked for, as the request does. */
export function ignoredIn(
  { ignored = [] }: ModelAnswer,
  nameOf: NameOf = (field) => field,
): Readonly<Record<string, string>> {
  if (ignored.length === 0) return {};
  // Members name fields as they like; a header has room for less.
  const names = ignored
    .slice(0, mostIgnored)
    .flatMap((field) => nameOf(field) ?? [])
    .map((name) => encodeURIComponent(name.slice(0, mostCharacters).toWellFormed()));
  return { 'x-ignored-parameters': names.join(', ') };
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
  { made: { call, stalled }, request, ...times }: ReplyParts,
  ended: AbortSignal,
) => ({
  ended,
  ...timesOf(times),
  stalled,
  errorBody: (error: unknown) => errorBodyOf(faultOf(error, call), request),
});

function errorBodyOf(error: unknown, { locale, id, describe }: RequestFacts): unknown {
  const { body, code } = errorAnswer(error, { openAi: true, locale, requestId: id });
  describe({ code });
  return body;
}

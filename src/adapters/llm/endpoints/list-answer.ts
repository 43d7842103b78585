import type { AnswerStream } from '../answer-stream.ts';
import { unusable } from '../call-fault.ts';
import { isJson, parseJson } from '../json.ts';
import type { Json } from '../upstream.ts';

/** A whole answer whose results stand in a list, one at least; or a fault. */
export function listAnswer(text: string, field: 'data' | 'results'): Json {
  const parsed = parseJson(text);
  const list = isJson(parsed) ? parsed[field] : undefined;
  if (!(isJson(parsed) && Array.isArray(list) && list.length > 0 && list.every(isJson))) {
    throw unusable();
  }
  return parsed;
}

/** An upstream that answers with events where nobody asked for any is broken. */
export function neverStreams(): AnswerStream {
  throw unusable();
}

import type { ChatStream } from '../chat-stream.ts';
import { broken, isJson } from '../chat-stream.ts';
import { parseJson } from '../parse-json.ts';
import type { Json } from '../upstream.ts';

const unusable = 'The upstream gave no usable answer.';

/** A whole answer whose results stand in a list, one at least; or a fault. */
export function listAnswer(text: string, field: 'data' | 'results'): Json {
  const parsed = parseJson(text);
  const list = isJson(parsed) ? parsed[field] : undefined;
  if (!(isJson(parsed) && Array.isArray(list) && list.length > 0 && list.every(isJson))) {
    throw broken(unusable);
  }
  return parsed;
}

/** An upstream that answers with events where nobody asked for any is broken. */
export function neverStreams(): ChatStream {
  throw broken(unusable);
}

import { isJson, objectsIn, withItems } from './json.ts';
import type { Json } from './upstream.ts';

/**
 * The same chat whose marks for a cache keep as long as is usual, wherever they are: longer is written at
 * a price that no list has.
 */
export function withUsualMarks(body: Readonly<Json>): Readonly<Json> {
  const [messages, tools] = [objectsIn(body.messages), objectsIn(body.tools)];
  const parts = messages.flatMap(({ content }) => objectsIn(content));
  if (![body, ...tools, ...messages, ...parts].some(keepsLonger)) return body;
  return {
    ...withItems(usual({ ...body, messages: messages.map(usual) }), 'content', usualOf),
    ...(Array.isArray(body.tools) ? { tools: body.tools.map(usualOf) } : {}),
  };
}

const keepsLonger = ({ cache_control: mark }: Readonly<Json>): boolean =>
  isJson(mark) && 'ttl' in mark;

function usual(marked: Json): Json {
  const { cache_control: mark } = marked;
  if (!isJson(mark)) return marked;
  const { ttl: _, ...rest } = mark;
  return { ...marked, cache_control: rest };
}

const usualOf = (item: unknown): unknown => (isJson(item) ? usual(item) : item);

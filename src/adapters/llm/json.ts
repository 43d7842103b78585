import { Buffer } from 'node:buffer';
import { sprawlOf } from '../../domain/json-sprawl.ts';
import type { Json } from './upstream.ts';

export const isJson = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The objects of a list; none of what is no list. */
export const objectsIn = (value: unknown): readonly Json[] =>
  Array.isArray(value) ? value.filter(isJson) : [];

/** The same chat with something else in the place of each item of one list that a message may have. */
export const withItems = (
  body: Readonly<Json>,
  field: 'content' | 'tool_calls',
  change: (item: unknown) => unknown,
): Readonly<Json> => ({
  ...body,
  messages: objectsIn(body.messages).map((message) => {
    const items = message[field];
    return Array.isArray(items) ? { ...message, [field]: items.map(change) } : message;
  }),
});

/** Undefined for what isn't JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The same of a text that callers wrote, which may be no more than a whole request may. */
export const parseToldJson = (text: string): unknown =>
  sprawlOf(Buffer.from(text)) ? undefined : parseJson(text);

import type { Json } from '../../src/adapters/llm/upstream.ts';

/** A piece of a chat, and the path to it. */
interface Place {
  readonly path: string;
  readonly kind: 'text' | 'call';
  /** What it says, or the id of a call. */
  readonly says: unknown;
}

const plain = (value: unknown) => JSON.parse(JSON.stringify(value));

/** Where a chat says something. */
export const placesIn = (chat: Json): readonly Place[] =>
  plain(chat.messages).flatMap(({ content, tool_calls: calls = [] }: Json, index: number) => {
    const path = `messages[${index}]`;
    const parts: readonly Json[] = Array.isArray(content) ? content : [];
    const made: readonly Json[] = plain(calls);
    return [
      ...(typeof content === 'string' && content !== ''
        ? [{ path: `${path}.content`, kind: 'text', says: content }]
        : []),
      ...parts.flatMap(({ text, refusal }, at) =>
        text === undefined && refusal === undefined
          ? []
          : [{ path: `${path}.content[${at}]`, kind: 'text', says: text ?? refusal }],
      ),
      ...made.map(({ id }, at) => ({ path: `${path}.tool_calls[${at}]`, kind: 'call', says: id })),
    ];
  });

/** What a request has at a path; undefined: nothing. */
export const at = (request: Json, path: string): unknown =>
  path
    .match(/[^.[\]]+/g)
    ?.reduce<unknown>((within, step) => Reflect.get(Object(within), step), request);

/** All that is said anywhere in a piece of a request. */
export function allSaidIn(piece: unknown): readonly unknown[] {
  if (typeof piece !== 'object' || piece === null) return [piece];
  return Object.values(piece).flatMap(allSaidIn);
}

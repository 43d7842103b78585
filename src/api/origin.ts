import type { Json } from '../adapters/llm/upstream.ts';

/** A place in a request. */
interface Origin {
  /** Its path, `input[1].content[0]`. */
  readonly path: string;
  /** Those of fields that are called otherwise there. */
  readonly fields: Readonly<Record<string, string>>;
}

/** Of pieces of chats, where in a request they come from: a field of theirs that nobody sends. */
const origins = new WeakMap<object, Origin>();

/** The same piece, which from now on is known to come from this place. */
export function from<Piece extends object>(
  path: string,
  piece: Piece,
  fields: Origin['fields'] = {},
): Piece {
  origins.set(piece, { path, fields });
  return piece;
}

/** The same, of what is made of a piece that is known itself. */
export function fromThat<Piece extends object>(
  that: object,
  piece: Piece,
  fields?: Origin['fields'],
): Piece {
  const path = pathOf(that);
  return path === undefined ? piece : from(path, piece, fields);
}

/** Where a piece comes from; undefined: from nowhere. */
export const pathOf = (piece: object): string | undefined => origins.get(piece)?.path;

/** What a path into a chat is called where that comes from, as exactly as is known; undefined: it isn't. */
export function originOf(chat: Readonly<Json>, path: string): string | undefined {
  let within: unknown = chat;
  let name: string | undefined;
  for (const step of path.match(/[^.[\]]+/g) ?? []) {
    name = originIn(within)?.fields[step] ?? name;
    within = isObject(within) ? Reflect.get(within, step) : undefined;
    name = originIn(within)?.path ?? name;
  }
  return name;
}

const originIn = (piece: unknown): Origin | undefined =>
  isObject(piece) ? origins.get(piece) : undefined;

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

/** What a path is called by a table of fields: of one with another name there, that name alone. */
export function renamedField(
  names: Readonly<Record<string, string>>,
  path: string,
): string | undefined {
  const [field = path] = /^\w+/.exec(path) ?? [];
  return Object.hasOwn(names, field) ? names[field] : undefined;
}

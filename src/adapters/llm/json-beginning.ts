import { parseJson } from './json.ts';

/** What a JSON text says of which only the beginning came, as far as it goes; undefined if it is none. */
export function jsonBeginning(text: string): unknown {
  /** What closes all that is open, innermost last. */
  const closers: string[] = [];
  /** Up to here it is JSON once that is closed. */
  let whole = 0;
  let isKey = false;
  const closed = (end: number, quote = ''): unknown =>
    parseJson(`${text.slice(0, end)}${quote}${closers.toReversed().join('')}`);

  for (let piece = pieceFrom(text, 0); piece; piece = pieceFrom(text, piece.end)) {
    const { sign, start, end, isClosed } = piece;
    const isText = sign === '"' && !isKey;
    if (isText && !isClosed) return closed(end, '"');
    if (isText || '{}[]'.includes(sign)) whole = end;
    if (sign === ',') whole = start;
    if (sign !== '"') isKey = isBeforeKey(sign, closers);
  }
  return closed(whole);
}

/** Opens or closes what a sign does; the next string then names a field, or it doesn't. */
function isBeforeKey(sign: string, closers: string[]): boolean {
  switch (sign) {
    case '{':
      closers.push('}');
      return true;
    case '[':
      closers.push(']');
      return false;
    case ',':
      return closers.at(-1) === '}';
    case ':':
      return false;
    default:
      closers.pop();
      return false;
  }
}

interface Piece {
  /** A string has its quote's. */
  readonly sign: string;
  readonly start: number;
  readonly end: number;
  readonly isClosed: boolean;
}

const signs = /["{}[\]:,]/g;

function pieceFrom(text: string, from: number): Piece | undefined {
  const found = next(signs, text, from);
  if (!found) return undefined;
  const { 0: sign, index: start } = found;
  const end = start + 1;
  return { sign, start, ...(sign === '"' ? stringFrom(text, end) : { end, isClosed: true }) };
}

const stops = /["\\]/g;
const escapes = /\\(?:u[\da-fA-F]{4}|[^u])/sy;

/** Where a string ends that begins there; an escape that is cut off is not in it. */
function stringFrom(text: string, start: number): Pick<Piece, 'end' | 'isClosed'> {
  let stop = next(stops, text, start);
  while (stop && stop[0] !== '"') {
    const escaped = next(escapes, text, stop.index);
    if (!escaped) return { end: stop.index, isClosed: false };
    stop = next(stops, text, escapes.lastIndex);
  }
  return stop ? { end: stop.index + 1, isClosed: true } : { end: text.length, isClosed: false };
}

function next(pattern: RegExp, text: string, from: number): RegExpExecArray | null {
  pattern.lastIndex = from;
  return pattern.exec(text);
}

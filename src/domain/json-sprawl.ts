/** Deeper than any schema of a tool. */
export const mostLevels = 200;

/**
 * Objects, their fields, and lists of one request, each of which takes many times what it takes as text, or as
 * long as a thousand of its bytes do: so many that all of a process's requests together can't end it.
 */
export const mostParts = 200_000;

/** More than a request may have of something. */
export type Sprawl = 'nested_too_deeply' | 'too_many_parts';

const [quote, backslash, colon] = [0x22, 0x5c, 0x3a];

/** How many levels a byte leads down, outside of texts. */
const down = new Int8Array(256);
for (const begins of '[{') down[begins.charCodeAt(0)] = 1;
for (const ends of ']}') down[ends.charCodeAt(0)] = -1;

/**
 * What a JSON text, as UTF-8, would be too much of as a value, found before it is one: by then it would have
 * taken the memory. Says nothing of what is no JSON.
 */
export function sprawlOf(bytes: Uint8Array): Sprawl | undefined {
  let [parts, levels] = [0, 0];
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at] ?? 0;
    const step = down[byte] ?? 0;
    if (byte === quote) at = endOfText(bytes, at + 1);
    levels += step;
    if (step < 1 && byte !== colon) continue;
    parts += 1;
    if (levels > mostLevels) return 'nested_too_deeply';
    if (parts > mostParts) return 'too_many_parts';
  }
  return undefined;
}

/** Where the quote stands that ends a text, from its first byte on. */
function endOfText(bytes: Uint8Array, from: number): number {
  let at = from;
  while (at < bytes.length && bytes[at] !== quote) at += bytes[at] === backslash ? 2 : 1;
  return at;
}

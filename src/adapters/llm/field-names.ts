/**
 * What a path into a request (`messages[1].content`) is called in another one that says the same; undefined:
 * nothing in that is.
 */
export type NameOf = (path: string) => string | undefined;

/**
 * `messages[1].content`, `messages.1.content`; a name that is no word of plain English, `max_tokens`; or a
 * word that stands where a field does: `stop: too long`, `Unsupported parameter: 'stop'`.
 */
const field = new RegExp(
  [
    /\b[a-z_]+(?:\.?\[\d+\]|\.\d+)(?:\.?\[\w+\]|\.\w+)*/,
    /\b[a-z]+(?:_[a-z]+)+\b/,
    /^[a-z]+(?=: )/,
    /(?<=\bparameter:? ['"`])[a-z]+(?=['"`])/,
  ]
    .map(({ source }) => source)
    .join('|'),
  'gi',
);

/** A text with other names for the fields that it names; undefined: one of them has none. */
export function withNames(text: string, nameOf: NameOf): string | undefined {
  let isSayable = true;
  const told = text.replaceAll(field, (written) => {
    const path = written.toLowerCase();
    const name = nameOf(path);
    isSayable &&= name !== undefined;
    return name === path ? written : (name ?? '');
  });
  return isSayable ? told : undefined;
}

/** The message at index 1, message 2, the 2nd message. */
const places = [/\b(messages?|items?|index|position)\b.*\d/is, /\d.*\b(messages?|items?)\b/is];

/** Whether a text says in words, beside the paths in it, which of several messages it is about. */
export function speaksOfPlaces(text: string): boolean {
  const words = text.replaceAll(field, '');
  return places.some((place) => place.test(words));
}

/** Whether a path leads to one of several. */
export const hasPlace = (path: string): boolean => /\d/.test(path);

import { z } from 'zod';

/** A part of a list: at most `limit` rows, after the one whose key is given. */
export interface PageOf<Key> {
  readonly limit: number;
  readonly after?: Key | undefined;
}

/** The schema of an opaque cursor: text as `cursorTo` made it, parsed back into a row's key. */
export const cursor = <Key extends readonly unknown[]>(key: z.ZodType<Key>) =>
  z
    .string()
    .max(1_000)
    .transform((text, context) => {
      const parsed = key.safeParse(fromText(text));
      if (parsed.success) return parsed.data;
      context.addIssue({ code: 'custom', message: 'not a cursor of this list' });
      return z.NEVER;
    });

const cursorTo = (key: readonly unknown[]): string =>
  Buffer.from(JSON.stringify(key)).toString('base64url');

function fromText(text: string): unknown {
  try {
    return JSON.parse(Buffer.from(text, 'base64url').toString());
  } catch {
    return undefined;
  }
}

/**
 * Cuts what a list's query returned. Such a query asks for one row more than the page has, which
 * shows whether there is a next one.
 */
export function page<Row>(
  rows: readonly Row[],
  { limit }: PageOf<unknown>,
  keyOf: (row: Row) => readonly unknown[],
): { readonly data: readonly Row[]; readonly next_cursor: string | null } {
  const data = rows.slice(0, limit);
  const last = data.at(-1);
  const more = rows.length > limit && last !== undefined;
  return { data, next_cursor: more ? cursorTo(keyOf(last)) : null };
}

import type { FragmentSqlToken } from 'slonik';
import { z } from 'zod';
import { Instant, Uuid } from '../domain/ids.ts';
import { fragment } from './query.ts';

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

/** A cursor comes from outside: the 99th of a month would be Postgres's error, not its sender's. */
const Moment = Instant.refine(
  (text) => text > '0001' && !Number.isNaN(Date.parse(text)) && new Date(text).toJSON() === text,
);

/** Where a page ends in a list by a moment and an id, the newest first. */
export const MomentCursor = cursor(z.tuple([Moment, Uuid]));
type Place = z.infer<typeof MomentCursor>;
export type PageByMoment = PageOf<Place>;

/** The rows beyond that place; `columns` are the moment's and the id's. */
export const olderThan = (after: Place | undefined, columns: FragmentSqlToken) =>
  after ? fragment`(${columns}) < (${after[0]}::timestamptz, ${after[1]}::uuid)` : fragment`TRUE`;

/** The text of a cursor, for a list that cuts its pages itself. */
export const cursorTo = (key: readonly unknown[]): string =>
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

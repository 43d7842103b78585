import type { z } from 'zod';
import { en, zhCN } from 'zod/locales';
import { mostLevels } from '../domain/json-sprawl.ts';
import type { FieldError } from './errors.ts';
import { ApiError } from './errors.ts';
import type { Locale } from './locale.ts';
import { schemaText } from './schema-words.ts';

/** A long list may be as wrong as it is long: of more values nobody is told each fault. */
const mostTold = 50_000;

const errorMaps = { en: en().localeError, zh: zhCN().localeError };

/** A part of a request as its schema wants it; blames the caller, field by field, otherwise. */
export function parse<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  locale: Locale,
): z.output<Schema> {
  if (isDeeper(value, mostLevels)) {
    throw new ApiError('invalid_request', { why: 'nested_too_deeply' });
  }
  if (isLong(value) && !schema.validate(value)) throw new ApiError('invalid_request');
  const parsed = schema.safeParse(value, { error: errorMaps[locale] });
  if (parsed.success) return parsed.data;
  const fields = parsed.error.issues.slice(0, 20).flatMap((issue) => fieldErrors(issue, locale));
  const param = fields[0]?.field;
  throw new ApiError('invalid_request', { fields, ...(param ? { param } : {}) });
}

function fieldErrors(issue: z.core.$ZodIssue, locale: Locale): readonly FieldError[] {
  const { path } = issue;
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ field: fieldAt([...path, key]), message: issue.message }));
  }
  const message = schemaText(issue.message, locale);
  return [{ field: fieldAt(path) || 'body', message }];
}

/** As OpenAI names a field: `messages[0].content`. */
const fieldAt = (path: readonly PropertyKey[]): string =>
  path.reduce<string>((before, each) => {
    if (typeof each === 'number') return `${before}[${each}]`;
    return before === '' ? String(each) : `${before}.${String(each)}`;
  }, '');

/** Whatever walks a value later, to write it again for one, must not run out of stack. */
function isDeeper(value: unknown, levels: number): boolean {
  // A file's bytes are an object's values, too: as many as it is long.
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return false;
  return levels === 0 || Object.values(value).some((each) => isDeeper(each, levels - 1));
}

/** Only for what isn't too deep. */
function isLong(value: unknown): boolean {
  let left = mostTold;
  const goesBeyond = (each: unknown): boolean => {
    if (typeof each !== 'object' || each === null || ArrayBuffer.isView(each)) return false;
    const within = Object.values(each);
    left -= within.length;
    return left < 0 || within.some(goesBeyond);
  };
  return goesBeyond(value);
}

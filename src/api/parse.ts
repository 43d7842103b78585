import type { z } from 'zod';
import { en, zhCN } from 'zod/locales';
import type { FieldError } from './errors.ts';
import { ApiError } from './errors.ts';
import type { Locale } from './locale.ts';

/** Deeper than any schema of a tool. */
const mostLevels = 200;

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
  const parsed = schema.safeParse(value, { error: errorMaps[locale] });
  if (parsed.success) return parsed.data;
  const fields = parsed.error.issues.slice(0, 20).flatMap(fieldErrors);
  const param = fields[0]?.field;
  throw new ApiError('invalid_request', { fields, ...(param ? { param } : {}) });
}

function fieldErrors(issue: z.core.$ZodIssue): readonly FieldError[] {
  const path = issue.path.map(String);
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      field: [...path, key].join('.'),
      message: issue.message,
    }));
  }
  return [{ field: path.join('.') || 'body', message: issue.message }];
}

/** Whatever walks a value later, to write it again for one, must not run out of stack. */
function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((each) => isDeeper(each, levels - 1));
}

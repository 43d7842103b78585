import type { Json } from './upstream.ts';

/** These say who answers, on whose account, or what it costs us, whatever they hold. */
const telling = new RegExp(
  [
    'account|org|tenant|project|team|owner|customer|credit|cost|price|billing|balance|byok|usage_',
    'provider|vendor|upstream|backend|cluster|region|host|server|node|engine|deploy|endpoint|native',
    'fingerprint|request|trace|secret|key|timings|filter|nvext|^x_',
  ].join('|'),
  'i',
);

/** In every chunk, and so not looked at any closer than what they hold. */
const usual = new Set([
  ...['object', 'created', 'index', 'role', 'service_tier'],
  ...['prompt_tokens', 'completion_tokens', 'total_tokens'],
]);

/** Leaves what is known, and what is too plain to be a name. */
export function hideUnknown(json: Json, known: ReadonlySet<string>): void {
  for (const field in json) {
    if (known.has(field)) continue;
    const value = json[field];
    if (value === undefined || value === null) continue;
    // An undefined field is not written, and leaves the object as fast as it was.
    const isSafe = usual.has(field) || !isTelling(field);
    if (!(isSafe && isPlain(value, 0))) json[field] = undefined;
  }
}

/** What of it is too plain to be a name. */
export const plainOf = (json: Json): Json =>
  Object.fromEntries(
    Object.entries(json).filter(([field, value]) => !isTelling(field) && isPlain(value, 0)),
  );

const deepest = 4;
/** The protocol's own words look like this: `content_filter`, `chat.completion.chunk`. */
const word = /^[a-z]{1,16}([_.][a-z]{1,16}){0,3}$/;

/** Of a list the places are its fields. */
const isTelling = (field: string): boolean =>
  telling.test(field) || !(word.test(field) || /^\d+$/.test(field));

/** Numbers, flags and single words of an enumeration. */
export function isPlain(value: unknown, depth: number): boolean {
  if (typeof value === 'string') return word.test(value);
  if (typeof value !== 'object' || value === null) return true;
  if (depth === deepest) return false;
  return Object.entries(value).every(
    ([field, each]) => !isTelling(field) && isPlain(each, depth + 1),
  );
}

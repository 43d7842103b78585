import { isJson, objectsIn } from './json.ts';
import type { Json } from './upstream.ts';

/** What takes a text's place. */
export type Change = (text: string) => string;

/**
 * Puts every text that a message or a delta carries through `change`, in place: what it says, refuses
 * and reasons, the arguments of the tools it calls, and
 * what is spoken in its sound.
 */
export function changeWritten(message: Json, change: Change): void {
  changeFields(message, ['content', 'refusal'], change);
  changeReasoning(message, change);
  for (const called of calledIn(message)) changeFields(called, ['arguments', 'input'], change);
  if (isJson(message.audio)) changeFields(message.audio, ['transcript'], change);
}

/** The functions and tools that a message or a delta calls: `arguments` are JSON, `input` is any text. */
export const calledIn = ({ tool_calls: calls, function_call: older }: Json): readonly Json[] =>
  [...objectsIn(calls).flatMap((call) => [call.function, call.custom]), older].filter(isJson);

/** Several names are in use for it; who writes the same under two of them has written it once. */
const reasonings = new Set(['reasoning_content', 'reasoning', 'reasoning_details']);

interface Saying {
  said: string;
  kept: string;
}

function changeReasoning(message: Json, change: Change): void {
  const before: Saying[] = [];
  for (const field of Object.keys(message)) {
    if (!reasonings.has(field)) continue;
    const again = repeating(before);
    const saying: Saying = { said: '', kept: '' };
    changeFields(message, [field], (text) => {
      const kept = again(text) ?? change(text);
      saying.said += text;
      saying.kept += kept;
      return kept;
    });
    before.push(saying);
  }
}

/** Who has said so much that is new repeats nothing; each look is one through all that was said. */
const mostMisses = 64;

/** What is left of a text that was said before, part by part in its order; undefined for a new one. */
function repeating(sayings: readonly Saying[]): (text: string) => string | undefined {
  const froms = sayings.map(() => 0);
  const misses = sayings.map(() => 0);
  return (text) => {
    for (const [index, { said, kept }] of sayings.entries()) {
      const missed = misses[index] ?? 0;
      if (missed === mostMisses) continue;
      const at = said.indexOf(text, froms[index]);
      if (at < 0) {
        misses[index] = missed + 1;
        continue;
      }
      const end = at + text.length;
      froms[index] = end;
      return kept.slice(at, end);
    }
    return undefined;
  };
}

function changeFields(json: Json, fields: readonly (keyof Json)[], change: Change): void {
  for (const field of fields) {
    const value = json[field];
    if (typeof value === 'object') changeWithin(value, change);
    else if (typeof value === 'string' && value !== '') {
      const changed = change(value);
      if (changed !== value) json[field] = changed;
    }
  }
}

/** In a part of a content or of a reasoning these name, point or seal; all else in it is text. */
const labels = new Set([
  'type',
  'id',
  'format',
  'signature',
  'data',
  'url',
  'image_url',
  'annotations',
  'cache_control',
]);

function changeWithin(value: object | null, change: Change): void {
  if (Array.isArray(value)) {
    value.forEach((each: unknown, index) => {
      if (typeof each === 'string' && each !== '') value[index] = change(each);
      else if (typeof each === 'object') changeWithin(each, change);
    });
  } else if (isJson(value)) {
    const texts = Object.keys(value).filter((field) => !labels.has(field));
    changeFields(value, texts, change);
  }
}

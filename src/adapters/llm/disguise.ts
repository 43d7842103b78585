import { createHash } from 'node:crypto';
import { isJson } from './chat-stream.ts';
import type { Json } from './upstream.ts';

/** Fields whose content is the model's, or ours, or is looked at by itself. */
const ofAnswer = new Set([
  ...['id', 'model', 'choices', 'usage', 'data', 'results', 'bytes', 'text', 'delta'],
  ...['segments', 'words', 'logprobs', 'b64_json', 'audio', 'size'],
]);
/** In every chunk, and so not looked at any closer than what they hold. */
const usual = new Set([
  ...['object', 'created', 'index', 'role', 'service_tier'],
  ...['prompt_tokens', 'completion_tokens', 'total_tokens'],
]);
const ofResult = new Set([
  ...['embedding', 'b64_json', 'url', 'revised_prompt'],
  ...['categories', 'category_scores', 'category_applied_input_types'],
]);
const ofChoice = new Set(['message', 'delta', 'logprobs', 'finish_reason', 'text']);
const ofThought = new Set(['type', 'text', 'summary', 'data', 'signature']);
const ofMessage = new Set([
  ...['content', 'reasoning', 'reasoning_content', 'reasoning_details', 'refusal'],
  ...['tool_calls', 'function_call', 'annotations', 'audio'],
]);

/** These say who answers, on whose account, or what it costs us, whatever they hold. */
const telling = new RegExp(
  [
    'account|org|tenant|project|team|owner|customer|credit|cost|price|billing|balance|byok|usage_',
    'provider|vendor|upstream|backend|cluster|region|host|server|node|engine|deploy|endpoint|native',
    'fingerprint|request|trace|secret|key|timings|filter|nvext|^x_',
  ].join('|'),
  'i',
);

/** What members see instead of an upstream's own words. */
export interface Mask {
  /** Null: such answers have none. */
  readonly id: string | null;
  readonly alias: string;
  /** They name the model; what names it where none is named is hidden as well. */
  readonly isNamed: boolean;
  /** Only the id is ours: whoever asks may know the rest. */
  readonly transparent?: boolean;
}

/** Puts our name and id on an upstream's chunk or body, in place. */
export function disguise(answer: Json, { id, alias, isNamed, transparent }: Mask): void {
  if (id !== null) answer.id = id;
  else if (answer.id !== undefined) answer.id = undefined;
  if (transparent) return;
  if (isNamed || answer.model !== undefined) answer.model = alias;
  hideUnknown(answer, ofAnswer);
  if (isJson(answer.usage)) hideUnknown(answer.usage, none);
  for (const choice of listOf(answer.choices)) disguiseChoice(choice);
  for (const result of listOf(answer.data ?? answer.results)) hideUnknown(result, ofResult);
}

function disguiseChoice(choice: Json): void {
  hideUnknown(choice, ofChoice);
  if (!isPlain(choice.finish_reason, 0)) choice.finish_reason = 'stop';
  const message = choice.delta ?? choice.message;
  if (!isJson(message)) return;
  hideUnknown(message, ofMessage);
  if (Array.isArray(message.tool_calls)) hideIds(message.tool_calls);
  if (Array.isArray(message.reasoning_details)) hideFormats(message.reasoning_details);
}

/** Of tool calls: they come back in the next request, so the same one is always hidden alike. */
function hideIds(calls: readonly unknown[]): void {
  for (const call of calls) {
    if (!isJson(call) || typeof call.id !== 'string' || /^\w{1,64}$/.test(call.id)) continue;
    call.id = `call_${createHash('sha256').update(call.id).digest('hex').slice(0, 24)}`;
  }
}

const listOf = (value: unknown): readonly Json[] =>
  Array.isArray(value) ? value.filter(isJson) : [];

const none: ReadonlySet<string> = new Set();

/** Of thoughts: who thinks in which format is known to everybody. */
function hideFormats(thoughts: readonly unknown[]): void {
  for (const thought of thoughts) if (isJson(thought)) hideUnknown(thought, ofThought);
}

/** Leaves what is known, and what is too plain to be a name. */
function hideUnknown(json: Json, known: ReadonlySet<string>): void {
  for (const field in json) {
    if (known.has(field)) continue;
    const value = json[field];
    if (value === undefined || value === null) continue;
    // An undefined field is not written, and leaves the object as fast as it was.
    const isSafe = usual.has(field) || !isTelling(field);
    if (!(isSafe && isPlain(value, 0))) json[field] = undefined;
  }
}

const deepest = 4;
/** The protocol's own words look like this: `content_filter`, `chat.completion.chunk`. */
const word = /^[a-z]{1,16}([_.][a-z]{1,16}){0,3}$/;

/** Of a list the places are its fields. */
const isTelling = (field: string): boolean =>
  telling.test(field) || !(word.test(field) || /^\d+$/.test(field));

/** Numbers, flags and single words of an enumeration. */
function isPlain(value: unknown, depth: number): boolean {
  if (typeof value === 'string') return word.test(value);
  if (typeof value !== 'object' || value === null) return true;
  if (depth === deepest) return false;
  return Object.entries(value).every(
    ([field, each]) => !isTelling(field) && isPlain(each, depth + 1),
  );
}

/** The id of an answer, as OpenAI's look. */
export const answerIdOf = (prefix: string | null, callId: string): string | null =>
  prefix === null ? null : `${prefix}${callId.replaceAll('-', '')}`;

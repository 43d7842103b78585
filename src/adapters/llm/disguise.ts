import { createHash } from 'node:crypto';
import { hideUnknown, isPlain } from './hide-unknown.ts';
import { isJson, objectsIn } from './json.ts';
import { disguiseNative } from './responses-disguise.ts';
import type { Json } from './upstream.ts';

/** Fields whose content is the model's, or ours, or is looked at by itself. */
const ofAnswer = new Set([
  ...['id', 'model', 'choices', 'usage', 'data', 'results', 'bytes', 'text', 'delta'],
  ...['segments', 'words', 'logprobs', 'b64_json', 'audio', 'size', 'native'],
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

const ofSound = new Set(['id', 'data', 'transcript', 'expires_at']);

/** What members see instead of an upstream's own words. */
export interface Mask {
  /** Null: such answers have none. */
  readonly id: string | null;
  readonly alias: string;
  /** They name the model; what names it where none is named is hidden as well. */
  readonly isNamed: boolean;
  /** Only the id is ours: whoever asks may know the rest. */
  readonly transparent?: boolean;
  /** Seconds since 1970, for an answer that tells none. */
  readonly created: number;
}

/** Puts our name and id on an upstream's chunk or body, in place. */
export function disguise(
  answer: Json,
  { id, alias, isNamed, transparent }: Omit<Mask, 'created'>,
): void {
  if (id !== null) answer.id = id;
  else if (answer.id !== undefined) answer.id = undefined;
  if (isJson(answer.native)) {
    disguiseNative(answer.native, { id: responseIdOf(id), alias: transparent ? undefined : alias });
  }
  if (transparent) return;
  if (isNamed || answer.model !== undefined) answer.model = alias;
  hideUnknown(answer, ofAnswer);
  if (isJson(answer.usage)) hideUnknown(answer.usage, none);
  for (const choice of objectsIn(answer.choices)) disguiseChoice(choice);
  for (const result of objectsIn(answer.data ?? answer.results)) hideUnknown(result, ofResult);
}

function disguiseChoice(choice: Json): void {
  hideUnknown(choice, ofChoice);
  if (!isPlain(choice.finish_reason, 0)) choice.finish_reason = 'stop';
  const message = choice.delta ?? choice.message;
  if (!isJson(message)) return;
  hideUnknown(message, ofMessage);
  if (Array.isArray(message.tool_calls)) hideIds(message.tool_calls, 'call');
  if (isJson(message.audio)) {
    hideUnknown(message.audio, ofSound);
    hideIds([message.audio], 'audio');
  }
  if (Array.isArray(message.reasoning_details)) hideFormats(message.reasoning_details);
}

/** Anthropic's own begin with `toolu`. */
const plainId = /^(?!toolu)\w{1,64}$/;

/** They come back in the next request or chunk, so the same one is always hidden alike. */
function hideIds(all: readonly unknown[], kind: 'call' | 'audio'): void {
  for (const each of all) {
    if (!isJson(each) || typeof each.id !== 'string' || plainId.test(each.id)) continue;
    each.id = `${kind}_${createHash('sha256').update(each.id).digest('hex').slice(0, 24)}`;
  }
}

const none: ReadonlySet<string> = new Set();

/** Of thoughts: who thinks in which format is known to everybody. */
function hideFormats(thoughts: readonly unknown[]): void {
  for (const thought of thoughts) if (isJson(thought)) hideUnknown(thought, ofThought);
}

/** The id of an answer, as OpenAI's look. */
export const answerIdOf = (prefix: string | null, callId: string): string | null =>
  prefix === null ? null : `${prefix}${callId.replaceAll('-', '')}`;

/** The same answer's, where it is a Response. */
const responseIdOf = (id: string | null): string => `resp_${id?.replace(/^.*-/, '') ?? ''}`;

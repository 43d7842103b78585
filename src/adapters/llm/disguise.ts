import { isJson } from './chat-stream.ts';
import type { Json } from './upstream.ts';

/** They say who answers behind an alias, and what it costs us. */
const identifying = [
  'system_fingerprint',
  'provider',
  'x_groq',
  'timings',
  'prompt_filter_results',
  'nvext',
] as const;
const ownCosts = ['cost', 'cost_details', 'is_byok'] as const;

/** What members see instead of an upstream's own words. */
export interface Mask {
  /** Null: such answers have none. */
  readonly id: string | null;
  readonly alias: string;
  /** They name the model; what names it where none is named is hidden as well. */
  readonly isNamed: boolean;
}

/** Puts our name and id on an upstream's chunk or body, in place; unknown fields stay. */
export function disguise(answer: Json, { id, alias, isNamed }: Mask): void {
  if (id !== null) answer.id = id;
  else if (answer.id !== undefined) answer.id = undefined;
  if (isNamed || answer.model !== undefined) answer.model = alias;
  // An undefined field is not written, and leaves the object as fast as it was.
  for (const field of identifying) if (answer[field] !== undefined) answer[field] = undefined;
  if (isJson(answer.usage)) hideCosts(answer.usage);
}

function hideCosts(usage: Json): void {
  for (const field of ownCosts) if (usage[field] !== undefined) usage[field] = undefined;
}

/** The id of an answer, as OpenAI's look. */
export const answerIdOf = (prefix: string | null, callId: string): string | null =>
  prefix === null ? null : `${prefix}${callId.replaceAll('-', '')}`;

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

/** What a member sees instead of the upstream's model and id. */
export interface Mask {
  readonly id: string;
  readonly alias: string;
  /** Only the id: whoever asks may know the rest. */
  readonly transparent?: boolean;
}

/** Puts our name and id on an upstream's chunk or body, in place; unknown fields stay. */
export function disguise(answer: Json, { id, alias, transparent }: Mask): void {
  answer.id = id;
  if (transparent) return;
  answer.model = alias;
  // An undefined field is not written, and leaves the object as fast as it was.
  for (const field of identifying) if (answer[field] !== undefined) answer[field] = undefined;
  if (isJson(answer.usage)) hideCosts(answer.usage);
}

function hideCosts(usage: Json): void {
  for (const field of ownCosts) if (usage[field] !== undefined) usage[field] = undefined;
}

/** The id of an answer, as OpenAI's look. */
export const answerIdOf = (callId: string): string => `chatcmpl-${callId.replaceAll('-', '')}`;

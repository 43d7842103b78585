import { CallFault } from './call-fault.ts';
import { voiceIn } from './chat-sounds.ts';
import type { Json } from './upstream.ts';

/** What the protocol of the provider that is asked has no word for; another provider may have. */
export const beyondProtocol = (param: string): CallFault =>
  new CallFault('unsupported_input', `The upstream's protocol has no \`${param}\`.`, {
    retryable: true,
    param,
    why: 'not_offered',
    values: { param },
  });

/** Without these an answer would be to another question. */
const essential = ['functions', 'function_call'] as const;

/** Refuses what a protocol neither translates nor may leave out. */
export function refuseUntranslated(body: Readonly<Json>): void {
  // In writing it would be another answer.
  if (voiceIn(body)) throw beyondProtocol('modalities');
  for (const field of essential) if (!isNothing(body[field])) throw beyondProtocol(field);
}

/** They say how to speak, and whoever speaks is asked by another protocol. */
const unspoken: ReadonlySet<string> = new Set(['audio', 'modalities']);

/** The fields of a chat that a protocol leaves out because it has no word for them. */
export const untranslated = (
  body: Readonly<Json>,
  translated: ReadonlySet<string>,
): readonly string[] =>
  Object.entries(body).flatMap(([field, value]) =>
    translated.has(field) || unspoken.has(field) || isNothing(value) ? [] : [field],
  );

/** An answer without them is as good. */
const hints: ReadonlySet<string> = new Set([
  'metadata',
  'prediction',
  'prompt_cache_key',
  'prompt_cache_options',
  'prompt_cache_retention',
  'safety_identifier',
  'seed',
  'service_tier',
  'store',
  'user',
  'verbosity',
]);

/** Whether nobody is asked in somebody's place for its sake. */
export const isHint = (field: string): boolean => hints.has(field);

/** A wish that asks for nothing. */
const isNothing = (value: unknown): boolean =>
  !value || (typeof value === 'object' && Object.keys(value).length === 0);

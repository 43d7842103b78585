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

/** An answer without them is as good, so a protocol that has no word for them leaves them out. */
const hints = new Set([
  'seed',
  'audio',
  'prediction',
  'store',
  'metadata',
  'modalities',
  'service_tier',
  'verbosity',
  'safety_identifier',
  'prompt_cache_key',
  'prompt_cache_options',
  'prompt_cache_retention',
]);

/** Refuses the first field that a protocol neither translates nor may leave out. */
export function refuseUntranslated(body: Readonly<Json>, translated: ReadonlySet<string>): void {
  // In writing it would be another answer.
  if (voiceIn(body)) throw beyondProtocol('modalities');
  for (const [field, value] of Object.entries(body)) {
    const isKnown = translated.has(field) || hints.has(field);
    if (!(isKnown || isNothing(value))) throw beyondProtocol(field);
  }
}

/** A wish that asks for nothing. */
const isNothing = (value: unknown): boolean =>
  !value || (typeof value === 'object' && Object.keys(value).length === 0);

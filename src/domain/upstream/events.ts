import { z } from 'zod';
import type { EventOf } from '../event-table.ts';
import { Uuid } from '../ids.ts';
import { UpstreamName } from '../route/events.ts';

/** Whose protocol an upstream speaks, and whose habits it has. */
export const UpstreamKind = z
  .enum([
    ...(['openai', 'claude', 'qwen', 'doubao', 'bigmodel', 'grok', 'gemini'] as const),
    ...(['openrouter', 'siliconflow', 'deepseek', 'openai_like', 'azure'] as const),
  ])
  .describe('whose protocol it speaks, and whose habits it has');
export type UpstreamKind = z.infer<typeof UpstreamKind>;

export const ProviderKey = z
  .object({
    keyId: Uuid.describe('under which the vault has the key'),
    fingerprint: z
      .string()
      .regex(/^[0-9a-f]{12}$/)
      .describe('tells it from other keys; nobody learns the key by it'),
  })
  .describe('one key of a provider, which itself stands in no event');
export type ProviderKey = z.infer<typeof ProviderKey>;

export const UpstreamTerms = z.object({
  kind: UpstreamKind,
  baseUrl: z.string().min(1).max(2_000).describe('where it is; the paths of its protocol follow'),
  capacity: z
    .int()
    .positive()
    .max(1_000_000)
    .nullable()
    .describe('calls that it takes at once, of one process; null: nobody knows'),
  enabled: z.boolean().describe('false: it takes no new call'),
  keys: z.array(ProviderKey).max(50).describe('calls are spread over them'),
});
/** Where an upstream is, and how it is asked. */
export type UpstreamTerms = z.infer<typeof UpstreamTerms>;

const UpstreamChanged = z
  .object({ id: UpstreamName, ...UpstreamTerms.shape })
  .describe('Where an upstream is and how it is asked, from now on; its keys are in the vault.');

const UpstreamRemoved = z
  .object({ id: UpstreamName })
  .describe('There is no such upstream any more, and none of its keys is needed.');

export const upstreamEvents = { UpstreamChanged, UpstreamRemoved };
export type UpstreamEvent = EventOf<typeof upstreamEvents>;

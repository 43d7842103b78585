import { z } from 'zod';
import { Instant } from './ids.ts';

export const Actor = z
  .object({
    type: z.enum(['anonymous', 'member', 'admin', 'api_key', 'operator', 'system']),
    id: z.string().describe('which of them; of `system` the part of the program'),
    onBehalfOf: z.string().optional().describe('the member that it was done for'),
  })
  .describe(
    'who did it; `system` acts by rule (a policy, the sweeper), `operator` by the environment',
  );
export type Actor = z.infer<typeof Actor>;

export const Envelope = z
  .object({
    v: z.int().positive().describe(`the version of the type that the event's data has`),
    commandId: z.string().describe('the command that decided it; gives the event its id'),
    $correlationId: z.string().describe('the request that all began with'),
    $causationId: z.string().optional().describe('what led to the command'),
    actor: Actor,
    recordedAt: Instant.describe(`never before the stream's last event`),
    effectiveAt: Instant.describe('from when it counts'),
    source: z.string().describe('the part of the program that decided'),
    reason: z.string().optional().describe('why, where a reason was asked for'),
    bodyHash: z.string().optional().describe('hash of the request that may happen once'),
    traceparent: z.string().optional().describe('the trace it belongs to, as W3C writes it'),
  })
  .describe(`what every event's metadata says, whatever the event`);
export type Envelope = z.infer<typeof Envelope>;

/** What a command carries beside its own fields; the clock and the ids come in here. */
export interface CommandContext {
  readonly commandId: string;
  readonly correlationId: string;
  readonly causationId?: string;
  readonly actor: Actor;
  /** The caller's clock; what is recorded is never earlier than the stream's last event. */
  readonly at: Instant;
  /** The part of the program that decided, e.g. `api`, `policy:wallet-opening`, `sweeper`. */
  readonly source: string;
  readonly reason?: string;
  readonly bodyHash?: string;
  /** The W3C trace that the command belongs to, where that is recorded. */
  readonly traceparent?: string;
}

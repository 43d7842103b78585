import { z } from 'zod';
import { Instant } from './ids.ts';

/** Who did it. `system` acts by rule (a policy, the sweeper), `operator` by the environment. */
export const Actor = z.object({
  type: z.enum(['anonymous', 'member', 'admin', 'api_key', 'operator', 'system']),
  id: z.string(),
  onBehalfOf: z.string().optional(),
});
export type Actor = z.infer<typeof Actor>;

/** What every event's metadata says, whatever the event. */
export const Envelope = z.object({
  v: z.int().positive(),
  commandId: z.string(),
  $correlationId: z.string(),
  $causationId: z.string().optional(),
  actor: Actor,
  recordedAt: Instant,
  effectiveAt: Instant,
  source: z.string(),
  reason: z.string().optional(),
  bodyHash: z.string().optional(),
});
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
}

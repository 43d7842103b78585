import type { CommandContext, Envelope } from '../../domain/envelope.ts';
import type { EventType } from '../../domain/events.ts';
import { currentVersionOf } from '../../domain/events.ts';
import type { Instant } from '../../domain/ids.ts';

/** The metadata of an event of this type that a command writes at a moment. */
export function envelopeOf(type: EventType, context: CommandContext, at: Instant): Envelope {
  const { commandId, correlationId, causationId, actor, source } = context;
  const { reason, bodyHash, traceparent } = context;
  return {
    v: currentVersionOf(type),
    commandId,
    $correlationId: correlationId,
    ...(causationId === undefined ? {} : { $causationId: causationId }),
    actor,
    recordedAt: at,
    effectiveAt: at,
    source,
    ...(reason === undefined ? {} : { reason }),
    ...(bodyHash === undefined ? {} : { bodyHash }),
    ...(traceparent === undefined ? {} : { traceparent }),
  };
}

import type { CommandContext, Envelope } from '../../domain/envelope.ts';
import { currentVersion } from '../../domain/events.ts';
import type { Instant } from '../../domain/ids.ts';

/** The metadata of an event that a command writes at a moment. */
export function envelopeOf(context: CommandContext, at: Instant): Envelope {
  const { commandId, correlationId, causationId, actor, source, reason, bodyHash } = context;
  return {
    v: currentVersion,
    commandId,
    $correlationId: correlationId,
    ...(causationId === undefined ? {} : { $causationId: causationId }),
    actor,
    recordedAt: at,
    effectiveAt: at,
    source,
    ...(reason === undefined ? {} : { reason }),
    ...(bodyHash === undefined ? {} : { bodyHash }),
  };
}

import type { AllStreamResolvedEvent } from '@eventstore/db-client';
import type { StoredEvent } from '../../domain/events.ts';

/** The client's event in our words; undefined for what isn't one (a link whose event is gone). */
export function storedEvent({
  event,
  commitPosition,
}: AllStreamResolvedEvent): StoredEvent | undefined {
  const position = event?.position?.commit ?? commitPosition;
  if (event === undefined || position === undefined) return undefined;
  const { id, streamId, revision, type, data, metadata } = event;
  return { id, stream: streamId, revision, position, type, data, metadata };
}

/** What the log itself writes: metadata of streams, statistics, tombstones. */
export const isSystem = ({ stream, type }: Pick<StoredEvent, 'stream' | 'type'>): boolean =>
  stream.startsWith('$') || type.startsWith('$');

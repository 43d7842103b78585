import type { RecentIds } from './recent-ids.ts';
import type { ProposedEvent, RecordedEvent } from './recorded-event.ts';
import { deletedRevision } from './recorded-event.ts';
import { limitsOf, parseMetadata } from './stream-metadata.ts';
import type { StreamState } from './stream-states.ts';
import { revisionOf } from './stream-states.ts';

/** Gives events their places in the log and keeps the states of their streams in step. */
export interface BatchRecorder {
  readonly events: readonly RecordedEvent[];
  bytes(): number;
  /** Returns the position. */
  append(state: StreamState, stream: string, event: ProposedEvent, created: string): number;
  tombstone(state: StreamState, stream: string, event: ProposedEvent, created: string): number;
}

export function batchRecorder(batch: number, firstPosition: number, ids: RecentIds): BatchRecorder {
  const events: RecordedEvent[] = [];
  let bytes = 0;

  const record = (event: Omit<RecordedEvent, 'position'>): number => {
    const position = firstPosition + events.length;
    events.push({ position, ...event });
    bytes += event.data.length + event.metadata.length;
    return position;
  };

  return {
    events,
    bytes: () => bytes,
    append(state, stream, event, created) {
      const revision = revisionOf(state, stream) + 1;
      if (stream === state.stream) {
        state.revision = revision;
      } else {
        state.metaRevision = revision;
        state.metadata = parseMetadata(event.data);
        state.limits = limitsOf(state.metadata);
      }
      state.batch = batch;
      const position = record({ ...event, stream, revision: `${revision}`, created });
      ids.add({ stream, id: event.id, revision, position });
      return position;
    },
    tombstone(state, stream, event, created) {
      state.tombstoned = true;
      state.batch = batch;
      return record({ ...event, stream, revision: deletedRevision, created });
    },
  };
}

import type { BatchRecorder } from './batch-recorder.ts';
import { batchRecorder } from './batch-recorder.ts';
import type { Decision, Expected, StoredId } from './decide.ts';
import { decideAppend, decideDeletion } from './decide.ts';
import type { RecentIds } from './recent-ids.ts';
import type { ProposedEvent, RecordedEvent } from './recorded-event.ts';
import { emptyBytes } from './recorded-event.ts';
import {
  isMetastream,
  isSoftDeleted,
  softDeletion,
  withTruncateBefore,
} from './stream-metadata.ts';
import type { StreamState } from './stream-states.ts';
import { metastreamOfState, revisionOf } from './stream-states.ts';

export type WriteCommand = {
  readonly stream: string;
  readonly expected: Expected;
  /** Milliseconds since 1970 from which on it must not be written any more. */
  readonly deadline: number;
} & (
  | { readonly type: 'append'; readonly events: readonly ProposedEvent[] }
  | { readonly type: 'delete'; readonly hard: boolean }
);

export type Outcome =
  /** `revision` is the stream's last after it (-1: none), `position` the log's where it is known. */
  | { readonly type: 'written'; readonly revision: number; readonly position: number | undefined }
  | { readonly type: 'wrong_expected_version'; readonly current: number }
  | { readonly type: 'stream_deleted' }
  | { readonly type: 'timed_out' };

/** Commands decided in memory, in order, that become durable in one transaction. */
export interface Batch {
  readonly number: number;
  readonly firstPosition: number;
  readonly events: readonly RecordedEvent[];
  bytes(): number;
  /** Decides a command against the state as it will be once everything before it is written. */
  decide(command: WriteCommand, state: StreamState, stored: readonly StoredId[]): Outcome;
}

export interface BatchParts {
  readonly number: number;
  readonly firstPosition: number;
  /** Milliseconds since 1970, never going back. */
  readonly clock: () => number;
  readonly ids: RecentIds;
  readonly newId: () => string;
}

export function newBatch({ number, firstPosition, clock, ids, newId }: BatchParts): Batch {
  const recorder = batchRecorder(number, firstPosition, ids);
  return {
    number,
    firstPosition,
    events: recorder.events,
    bytes: recorder.bytes,
    decide(command, state, stored) {
      const nowMs = clock();
      if (command.deadline <= nowMs) return { type: 'timed_out' };
      const decision = decisionOf(command, state, stored, ids);
      if (decision.type === 'repeated') return { ...decision, type: 'written' };
      if (decision.type !== 'write') return decision;
      const pen = { ...recorder, created: `${nowMs}0000`, newId };
      return command.type === 'append' ? append(pen, state, command) : remove(pen, state, command);
    },
  };
}

type Pen = BatchRecorder & { readonly created: string; readonly newId: () => string };

function append(
  pen: Pen,
  state: StreamState,
  { stream, events }: { stream: string; events: readonly ProposedEvent[] },
): Outcome {
  const wasDeleted = isSoftDeleted(state.limits) && events.length > 0;
  if (wasDeleted && stream === state.stream) revive(pen, state);
  let position: number | undefined;
  for (const event of events) position = pen.append(state, stream, event, pen.created);
  // New metadata that says nothing of it would show the deleted events again.
  if (wasDeleted && isMetastream(stream) && state.limits.truncateBefore === undefined) {
    revive(pen, state);
  }
  return { type: 'written', revision: revisionOf(state, stream), position };
}

function remove(
  pen: Pen,
  state: StreamState,
  { stream, hard }: { stream: string; hard: boolean },
): Outcome {
  const position = hard
    ? pen.tombstone(state, stream, system('$streamDeleted', pen.newId()), pen.created)
    : appendMetadata(pen, state, softDeletion(state.metadata));
  return { type: 'written', revision: state.revision, position };
}

/** Writing to a softly deleted stream brings it back, without its old events. */
const revive = (pen: Pen, state: StreamState): number =>
  appendMetadata(pen, state, withTruncateBefore(state.metadata, `${state.revision + 1}`));

const appendMetadata = (pen: Pen, state: StreamState, data: Buffer): number => {
  const event = { ...system('$metadata', pen.newId()), data };
  return pen.append(state, metastreamOfState(state), event, pen.created);
};

function decisionOf(
  command: WriteCommand,
  state: StreamState,
  stored: readonly StoredId[],
  ids: RecentIds,
): Decision {
  return command.type === 'append'
    ? decideAppend(state, command, stored, ids.placeOf)
    : decideDeletion(state, command);
}

const system = (type: string, id: string): ProposedEvent => ({
  id,
  type,
  isJson: true,
  data: emptyBytes,
  metadata: emptyBytes,
});

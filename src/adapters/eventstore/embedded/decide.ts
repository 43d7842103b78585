import type { ProposedEvent } from './recorded-event.ts';
import { isSoftDeleted } from './stream-metadata.ts';
import type { StreamState } from './stream-states.ts';
import { revisionOf } from './stream-states.ts';

export type Expected = 'any' | 'no_stream' | 'stream_exists' | number;

export type Decision =
  | { readonly type: 'write' }
  /** All of it is already there; revision and position are its last event's. */
  | ({ readonly type: 'repeated' } & Place)
  | { readonly type: 'wrong_expected_version'; readonly current: number }
  | { readonly type: 'stream_deleted' };

export interface Place {
  readonly revision: number;
  readonly position: number;
}

/** Where an event id stands in a stream, as far as remembered. */
export type PlaceOfId = (stream: string, id: string) => Place | undefined;

/** An event that a stream holds where an append would have written. */
export interface StoredId {
  readonly id: string;
  readonly position: number;
}

export interface ProposedAppend {
  readonly stream: string;
  readonly expected: Expected;
  readonly events: readonly Pick<ProposedEvent, 'id'>[];
}

/** Whether an append is written, repeats what is there, or is refused: EventStoreDB's rules. */
export function decideAppend(
  state: StreamState,
  append: ProposedAppend,
  /** What is stored from `expected + 1` on; only asked for when the expected revision is past. */
  stored: readonly StoredId[],
  placeOfId: PlaceOfId,
): Decision {
  if (state.tombstoned) return { type: 'stream_deleted' };
  const { expected } = append;
  if (expected === 'any') return decideByIds(state, append, placeOfId);
  if (expected === 'stream_exists') return decideExisting(state, append, placeOfId);
  return decideByRevision(state, append, stored);
}

function decideByRevision(
  state: StreamState,
  { stream, expected, events }: ProposedAppend,
  stored: readonly StoredId[],
): Decision {
  const current = revisionOf(state, stream);
  const after = revisionBefore(expected);
  if (after === current || (events.length === 0 && after < current)) return { type: 'write' };
  if (after > current) return { type: 'wrong_expected_version', current };
  const other = events.findIndex(({ id }, index) => stored[index]?.id !== id);
  if (other === -1) {
    const position = stored[events.length - 1]?.position ?? -1;
    return { type: 'repeated', revision: after + events.length, position };
  }
  return other === 0 && expected === 'no_stream' && isHidden(state, stream)
    ? { type: 'write' }
    : { type: 'wrong_expected_version', current };
}

/** A stream exists from its first event or metadata on, until it is deleted. */
function decideExisting(
  state: StreamState,
  append: ProposedAppend,
  placeOfId: PlaceOfId,
): Decision {
  if (isHidden(state, append.stream)) return { type: 'stream_deleted' };
  const current = revisionOf(state, append.stream);
  return current < 0 && state.metaRevision < 0
    ? { type: 'wrong_expected_version', current }
    : decideByIds(state, append, placeOfId);
}

/** Without a revision a repetition is recognised by its ids, as long as they are remembered. */
function decideByIds(
  state: StreamState,
  { stream, events }: ProposedAppend,
  placeOfId: PlaceOfId,
): Decision {
  const current = revisionOf(state, stream);
  const places = events.map(({ id }) => placeOfId(stream, id));
  if (places[0] === undefined) return { type: 'write' };
  const last = places.at(-1);
  return last === undefined || places.includes(undefined)
    ? { type: 'wrong_expected_version', current }
    : { type: 'repeated', revision: last.revision, position: last.position };
}

const isHidden = (state: StreamState, stream: string): boolean =>
  stream === state.stream && isSoftDeleted(state.limits);

/** Where a stream must stand for an append that expects it; nothing stands where the other forms ask. */
const revisionBefore = (expected: Expected): number =>
  typeof expected === 'number' ? expected : -1;

/** The revision after which stored ids are needed to decide; undefined when none are. */
export function pastRevision(state: StreamState, append: ProposedAppend): number | undefined {
  const { stream, expected, events } = append;
  if (state.tombstoned || events.length === 0) return undefined;
  if (expected === 'any' || expected === 'stream_exists') return undefined;
  const after = revisionBefore(expected);
  return after < revisionOf(state, stream) ? after : undefined;
}

/** Deleting needs a stream that was ever created; its metadata alone is enough. */
export function decideDeletion(
  state: StreamState,
  deletion: { stream: string; expected: Expected; hard: boolean },
): Decision {
  const known = state.revision >= 0 || state.metaRevision >= 0;
  if (!deletion.hard && !known && !state.tombstoned) {
    return { type: 'wrong_expected_version', current: -1 };
  }
  const unknownId = [{ id: '' }];
  return decideAppend(state, { ...deletion, events: unknownId }, [], () => undefined);
}

import type { Books } from '../../domain/books.ts';
import type { Instant } from '../../domain/ids.ts';
import type { Fold } from './fold.ts';

/** A fold as it was once; a cache, of which any part may be missing at any time. */
export interface Snapshot {
  /** The physical stream, and the last event in it that the state includes. */
  readonly stream: string;
  readonly revision: bigint;
  readonly eventId: string;
  readonly at: Instant;
  /** The state's form and what events did to it: another number is somebody else's. */
  readonly format: number;
  readonly state: unknown;
}

/** Where snapshots are kept, by the name of the first stream. Neither verb ever rejects. */
export interface Snapshots {
  load(first: string): Promise<Snapshot | null>;
  /** Resolves when it is kept, or given up. */
  save(first: string, snapshot: Snapshot): Promise<void>;
}

/** To be raised whenever an event comes to mean something else, or the state looks otherwise. */
const format = 2;

/** Undefined for a fold of nothing, or of a state that isn't kept. */
export function snapshotOf<Event, State>(
  { state, stream, revision, id: eventId, at }: Fold<State>,
  books: Pick<Books<Event, State>, 'save'>,
): Snapshot | undefined {
  const saved = books.save(state);
  if (revision === null || eventId === null || saved === null) return undefined;
  return { stream, revision, eventId, at, format, state: saved };
}

/** The fold that a snapshot keeps; undefined when this release can't read it. */
export function foldOf<Event, State>(
  snapshot: Snapshot,
  books: Pick<Books<Event, State>, 'restore'>,
): (Fold<State> & { readonly revision: bigint }) | undefined {
  if (snapshot.format !== format) return undefined;
  const state = books.restore(snapshot.state);
  if (state === undefined) return undefined;
  const { stream, revision, eventId: id, at } = snapshot;
  return { state, stream, revision, at, id };
}

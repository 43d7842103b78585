import type { Books } from '../../domain/books.ts';
import type { Place } from './execute.ts';
import type { Fold } from './fold.ts';
import type { Snapshots } from './snapshots.ts';
import { snapshotOf } from './snapshots.ts';

const everyEvents = 500n;
/** Reading so few again costs no more than reading a snapshot. */
const worthKeeping = 50n;

/** The part of a desk that tells what its snapshot lacks. */
interface Kept<State> {
  readonly first: string;
  readonly resident: Fold<State> | undefined;
  saved: Place | null;
  saving: boolean;
}

/** Sees to it that folds are saved now and then, in the background. */
export interface SnapshotKeeper<State> {
  /** After every append. */
  keep(desk: Kept<State>): void;
  /** Before a fold is forgotten, and after one was read: nobody is to read as much again. */
  keepNow(desk: Kept<State>): void;
}

export function snapshotKeeper<Event, State>(
  books: Books<Event, State> | undefined,
  snapshots: Pick<Snapshots, 'save'> | undefined,
): SnapshotKeeper<State> {
  const save = (desk: Kept<State>, least: bigint) => {
    const { first, resident, saving } = desk;
    if (!books || !snapshots || !resident || saving || !lacks(desk, resident, least)) return;
    const snapshot = snapshotOf(resident, books);
    if (!snapshot) return;
    desk.saved = { stream: snapshot.stream, revision: snapshot.revision };
    desk.saving = true;
    void snapshots.save(first, snapshot).finally(() => {
      desk.saving = false;
    });
  };
  return {
    keep: (desk) => save(desk, everyEvents),
    keepNow: (desk) => save(desk, worthKeeping),
  };
}

/** Whether a cold start would read so many events, or follow the streams from one to the next. */
function lacks(
  { first, saved }: Pick<Kept<unknown>, 'first' | 'saved'>,
  { stream, revision }: Place,
  events: bigint,
): boolean {
  if (stream !== (saved?.stream ?? first)) return true;
  return (revision ?? -1n) - (saved?.revision ?? -1n) >= events;
}

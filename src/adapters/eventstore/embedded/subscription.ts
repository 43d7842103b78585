import { randomUUID } from 'node:crypto';
import type { Frame } from './event-frame.ts';
import { caughtUpFrame, confirmationFrame, fellBehindFrame } from './event-frame.ts';
import type { EventLog } from './event-log.ts';
import type { RecordedEvent } from './recorded-event.ts';

/** So many events at most are taken from memory at once. */
const livePage = 512;

/** What a subscriber is sent of the log; it remembers what it has sent. */
export interface Followed {
  /** The first position that may matter; -1 when only the table knows. */
  readonly start: number;
  /** What the table holds from a position on, up to another at least. */
  fromTable(from: number, to: number): AsyncGenerator<readonly Frame[]>;
  /** What matters of the events that memory holds, all positions being there. */
  fromMemory(held: readonly RecordedEvent[]): Promise<readonly Frame[]>;
  /** What is left to say when everything up to a position is sent. */
  atEnd(position: number): readonly Frame[];
}

/**
 * Follows the log for ever. There is one cursor and no hand-over: it reads from memory what memory still holds
 * and from the table what it doesn't, so nothing can be missed between the two.
 */
export async function* subscription(
  { recent }: Pick<EventLog, 'recent'>,
  followed: Followed,
  signal: AbortSignal,
): AsyncGenerator<readonly Frame[]> {
  let cursor = followed.start;
  let live = false;
  yield [confirmationFrame(randomUUID())];
  while (!signal.aborted) {
    const held = recent.from(cursor, livePage);
    if (held === undefined) {
      if (live) yield [fellBehindFrame];
      live = false;
      const last = recent.last();
      yield* followed.fromTable(cursor, last);
      cursor = last + 1;
    } else if (held.length > 0) {
      cursor += held.length;
      yield await followed.fromMemory(held);
    } else if (live) {
      await recent.changed(signal);
    } else {
      live = true;
      yield [...followed.atEnd(cursor - 1), caughtUpFrame];
    }
  }
}

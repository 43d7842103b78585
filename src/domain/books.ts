import type { Instant } from './ids.ts';

/** How a noun's streams are closed, and continued in the next one. */
export interface Books<Event, State> {
  /** Name of the stream in which it goes on, once closed; null while it is open. */
  next(state: State): string | null;
  /** Whether the stream must be closed before anything else is decided at `at`. */
  due(state: State, place: BookPlace): boolean;
  /** The fence: nothing follows it in its stream. */
  close(state: State, place: { readonly stream: string; readonly at: Instant }): Event;
  /** The first event of the next stream, from the closing one alone. */
  open(closed: Event): Event;
  /** The state as plain JSON, for a cache. */
  save(state: State): unknown;
  /** Undefined for what it can't read. */
  restore(saved: unknown): State | undefined;
}

export interface BookPlace {
  readonly at: Instant;
  /** When the stream's last event was recorded. */
  readonly last: Instant;
  /** How many the stream has. */
  readonly events: number;
  readonly mostEvents: number;
}

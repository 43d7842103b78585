import type { StoredEvent } from '../../domain/events.ts';

/** An event about to be written; ids are fixed, so that resending it is safe for ever. */
export interface NewEvent {
  readonly id: string;
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly metadata: Readonly<Record<string, unknown>>;
}

/** The last revision a stream must have; never "any", because only then is a retry idempotent. */
export type ExpectedRevision = bigint | 'no_stream';

export type Appended =
  | { readonly ok: true; readonly revision: bigint; readonly position: bigint }
  /** Somebody else wrote first: nothing of this append is in the log, unless our ids are found there. */
  | { readonly ok: false; readonly actual: ExpectedRevision };

export type FeedItem =
  | { readonly kind: 'event'; readonly event: StoredEvent }
  | { readonly kind: 'caught_up' };

export interface FeedStart {
  /** Exclusive; null: from the first event. */
  readonly after: bigint | null;
  /** Only streams with one of these prefixes; absent: all but system streams. */
  readonly prefixes?: readonly string[];
  readonly signal: AbortSignal;
  /** Called for every sign of life, also of events that are for somebody else. */
  readonly onAlive?: () => void;
}

/** The event log as the program knows it: no truncation, no deletion, no unconditional append. */
export interface Log {
  /**
   * One append, acknowledged when durable. After an ambiguous answer the same bytes are sent again
   * until the log says yes or no; throws `LogUnavailable` only when the program stops meanwhile.
   */
  append(
    stream: string,
    expected: ExpectedRevision,
    events: readonly NewEvent[],
  ): Promise<Appended>;
  /** A stream's events after a revision, oldest first; nothing for a stream that doesn't exist. */
  read(stream: string, after?: bigint): AsyncIterable<StoredEvent>;
  /** A stream's last event; null while there is no stream. */
  last(stream: string): Promise<StoredEvent | null>;
  /** The log from a position on, and then live, resubscribing by itself on every error. */
  subscribe(start: FeedStart): AsyncIterable<FeedItem>;
  /** The position of the last event that isn't a system event; null for an empty log. */
  head(): Promise<bigint | null>;
}

/** The program stops, or the log has not answered for longer than the caller may wait. */
export class LogUnavailable extends Error {
  readonly retryable = true;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'LogUnavailable';
  }
}

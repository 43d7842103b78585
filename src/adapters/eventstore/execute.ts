import type { Decider } from '../../domain/decider.ts';
import type { CommandContext } from '../../domain/envelope.ts';
import type { DomainEvent, Recorded } from '../../domain/events.ts';
import type { Instant } from '../../domain/ids.ts';

/** A point in a thing's streams, of which the later ones continue the earlier. */
export interface Place {
  readonly stream: string;
  /** Null: before the first event of the stream. */
  readonly revision: bigint | null;
}

/** What a command came to; its place is the last event that the state includes. */
export interface Outcome<Event extends DomainEvent, State> extends Place {
  /** The events of this command: written now, or found as an earlier run of it wrote them. */
  readonly events: readonly Recorded<Event>[];
  /** The fold including them. */
  readonly state: State;
  /** Log position of the last event written; null when nothing was. */
  readonly position: bigint | null;
}

/**
 * Runs one command on a stream, which is named by the first one where streams continue each other:
 * fold, decide, append at the folded revision, again after a lost race. The command gets its time
 * late, because time in a stream never runs backwards.
 * Rejects with the domain's `Rejection`, `EventFromNewerVersion`, or `OutcomeUnknown`.
 */
export type Execute<Command, Event extends DomainEvent, State> = (
  stream: string,
  command: (at: Instant) => Command,
  context: ExecuteContext,
) => Promise<Outcome<Event, State>>;

export interface ExecuteContext extends CommandContext {
  /**
   * For a command claimed through a `once-` stream: events after this place are searched for the
   * command's ids before it is decided, so that a second run finds the first one's events.
   */
  readonly claimedAfter?: Place;
  /**
   * An earlier run of the claimed command may still write: should it be refused now, or change nothing,
   * that is written under its id, so that whichever of the two is in the log first is the outcome of both.
   */
  readonly again?: boolean;
}

/** The read side of the same: the fold of a stream and of those that continue it. */
export type Load<State> = (stream: string) => Promise<Place & { readonly state: State }>;

/** How a noun is run: `run` writes, `load` folds. */
export interface Runner<Command, Event extends DomainEvent, State> {
  readonly run: Execute<Command, Event, State>;
  readonly load: Load<State>;
}

export type RunnerOf<D> =
  D extends Decider<infer Command, infer Event extends DomainEvent, infer State>
    ? Runner<Command, Event, State>
    : never;

/** The waiter gave up before the log answered: the command may or may not be recorded. */
export class OutcomeUnknown extends Error {
  readonly retryable = true;

  constructor(stream: string, options?: ErrorOptions) {
    super(`The log has not answered for ${stream}; what was asked may still happen.`, options);
    this.name = 'OutcomeUnknown';
  }
}

/** Too many commands wait for one stream already: nothing was done. */
export class Busy extends Error {
  readonly retryable = true;

  constructor(stream: string) {
    super(`Too many commands are waiting for ${stream}.`);
    this.name = 'Busy';
  }
}

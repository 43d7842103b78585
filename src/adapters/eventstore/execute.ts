import type { Decider } from '../../domain/decider.ts';
import type { CommandContext } from '../../domain/envelope.ts';
import type { DomainEvent, Recorded } from '../../domain/events.ts';
import type { Instant } from '../../domain/ids.ts';

/** What a command came to. */
export interface Outcome<Event extends DomainEvent, State> {
  /** The events of this command: written now, or found as an earlier run of it wrote them. */
  readonly events: readonly Recorded<Event>[];
  /** The fold including them. */
  readonly state: State;
  /** The stream's last revision that the state includes; null while there is no stream. */
  readonly revision: bigint | null;
  /** Log position of the last event written; null when nothing was. */
  readonly position: bigint | null;
}

/**
 * Runs one command on one stream: fold, decide, append at the folded revision, again after a lost
 * race. The command gets its time late, because time in a stream never runs backwards.
 * Rejects with the domain's `Rejection`, `EventFromNewerVersion`, or `OutcomeUnknown`.
 */
export type Execute<Command, Event extends DomainEvent, State> = (
  stream: string,
  command: (at: Instant) => Command,
  context: ExecuteContext,
) => Promise<Outcome<Event, State>>;

export interface ExecuteContext extends CommandContext {
  /**
   * For a command claimed through a `once-` stream: events after this revision are searched for the
   * command's ids before it is decided, so that a second run finds the first one's events.
   */
  readonly claimedAfter?: bigint | null;
}

/** The read side of the same: the fold of a stream. */
export type Load<State> = (
  stream: string,
) => Promise<{ readonly state: State; readonly revision: bigint | null }>;

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

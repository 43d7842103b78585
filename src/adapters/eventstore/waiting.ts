import type { RefusedEvent } from '../../domain/command-refused.ts';
import { isUnchanged, rejectionOf } from '../../domain/command-refused.ts';
import type { Envelope } from '../../domain/envelope.ts';
import type { DomainEvent, Recorded } from '../../domain/events.ts';
import { EventFromNewerVersion } from '../../domain/events.ts';
import type { Instant } from '../../domain/ids.ts';
import type { ExecuteContext, Outcome, Place } from './execute.ts';
import { OutcomeUnknown } from './execute.ts';
import type { Fold } from './fold.ts';
import { LogUnavailable } from './log.ts';
import { isAfter } from './stream-history.ts';
import type { Patient } from './waiting-room.ts';

/** A command that waits for its outcome. */
export interface Waiting<Command, Event extends DomainEvent, State> extends Patient {
  readonly command: (at: Instant) => Command;
  readonly context: ExecuteContext;
  readonly resolve: (outcome: Outcome<Event, State>) => void;
  readonly reject: (error: unknown) => void;
  /** Its caller has been told that the outcome is unknown. */
  gaveUp: boolean;
  /** The log was read after this command came: saying no, or nothing, needs no further look. */
  confirmed: boolean;
  /** A claimed command's events are known not to stand between its claim and here. */
  searchedTo: Place | null;
}

/** An event that will stand at a revision, once it is written. */
export interface Draft<Event> {
  readonly event: Event;
  readonly id: string;
  readonly revision: bigint;
  readonly meta: Envelope;
}

/** What one command came to in memory; it is true once its batch is durable. */
export type Entry<Command, Event extends DomainEvent, State> = {
  readonly waiting: Waiting<Command, Event, State>;
} & (
  | { readonly refusal: unknown }
  | { readonly drafts: readonly Draft<Event>[]; readonly fold: Fold<State> }
);

/** Tells a waiter what its command came to, now that it is durable. */
export function answer<Command, Event extends DomainEvent, State>(
  entry: Entry<Command, Event, State>,
  position: bigint | null,
): void {
  const { waiting } = entry;
  if ('refusal' in entry) {
    waiting.reject(entry.refusal);
  } else {
    const { state, stream, revision } = entry.fold;
    const events = entry.drafts.map(
      // Where exactly the events of one append stand is told of the last one only.
      ({ event, ...draft }): Recorded<Event> => ({
        ...event,
        ...draft,
        stream,
        position: position ?? 0n,
      }),
    );
    const written = events.length > 0 ? position : null;
    conclude(waiting, { events, state, stream, revision, position: written });
  }
}

/** Tells a waiter what the log has of its command; false when that is nothing. */
export function answerAsStored<Command, Event extends DomainEvent, State>(
  waiting: Waiting<Command, Event, State>,
  events: readonly Recorded<Event>[],
  { state, stream, revision }: Fold<State>,
): boolean {
  const last = events.at(-1);
  if (!last) return false;
  conclude(waiting, { events, state, stream, revision, position: last.position });
  return true;
}

/** What stands under a command's id may be that it was refused, or changed nothing. */
function conclude<Command, Event extends DomainEvent, State>(
  waiting: Pick<Waiting<Command, Event, State>, 'resolve' | 'reject'>,
  outcome: Outcome<Event, State>,
): void {
  const first: Recorded | undefined = outcome.events[0];
  if (first?.type !== 'CommandRefused') waiting.resolve(outcome);
  else if (isUnchanged(first)) waiting.resolve({ ...outcome, events: [] });
  else waiting.reject(refusalIn(first));
}

function refusalIn(event: Recorded & RefusedEvent): Error {
  const stored = { ...event, metadata: event.meta };
  return rejectionOf(event) ?? new EventFromNewerVersion(stored, `with ${event.data.code}`);
}

/** After a fault of the log, a command whose events may be in it has an unknown outcome. */
export function answerFault<Command, Event extends DomainEvent, State>(
  stream: string,
  entry: Entry<Command, Event, State>,
  error: unknown,
): void {
  const unknown = recorded(entry) && error instanceof LogUnavailable;
  entry.waiting.reject(unknown ? new OutcomeUnknown(stream, { cause: error }) : error);
}

const recorded = <Command, Event extends DomainEvent, State>(
  entry: Entry<Command, Event, State>,
): boolean => 'drafts' in entry && entry.drafts.length > 0;

type Claimed = Pick<Waiting<never, never, never>, 'context' | 'searchedTo'>;

/** From where a claimed command's events must be looked for in a fold; undefined: nowhere. */
export function searchFrom(
  { context: { claimedAfter }, searchedTo }: Claimed,
  fold: Place,
): Place | undefined {
  const from = claimedAfter && (searchedTo ?? claimedAfter);
  const isLooked = from?.stream === fold.stream && !isAfter(fold.revision, from.revision);
  return isLooked ? undefined : from;
}

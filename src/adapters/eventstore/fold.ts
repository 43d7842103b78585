import type { Books } from '../../domain/books.ts';
import type { Decider } from '../../domain/decider.ts';
import type { EventTable } from '../../domain/event-table.ts';
import type { DomainEvent, Recorded, StoredEvent } from '../../domain/events.ts';
import { decode, EventFromNewerVersion } from '../../domain/events.ts';
import type { Instant } from '../../domain/ids.ts';
import type { Rejection } from '../../domain/rejection.ts';
import type { Place } from './execute.ts';

/** Events up to a place, folded. */
export interface Fold<State> extends Place {
  readonly state: State;
  /** When the last event was recorded. */
  readonly at: Instant;
  /** The last event's id; null while there is no stream. */
  readonly id: string | null;
}

/** A noun's rules together with the events that its streams consist of. */
export interface Noun<Command, Event extends DomainEvent, State> {
  readonly decider: Decider<Command, Event, State>;
  readonly events: EventTable;
  /** Only for a noun whose streams are closed and continued. */
  readonly books?: Books<Event, State>;
  /** Only for a noun whose commands are claimed: how a refusal, or that nothing changed (null), stands there. */
  readonly refused?: (rejection: Rejection | null) => Event;
}

const beforeAll: Instant = '0000-01-01T00:00:00.000Z';

export const emptyFold = <State>(
  { initialState }: { readonly initialState: State },
  stream: string,
): Fold<State> => ({ state: initialState, stream, revision: null, at: beforeAll, id: null });

/** The fold with one event more. */
export const foldedOn = <Command, Event extends DomainEvent, State>(
  { decider }: Pick<Noun<Command, Event, State>, 'decider'>,
  { state }: Fold<State>,
  event: Recorded<Event>,
): Fold<State> => ({
  state: decider.evolve(state, event),
  stream: event.stream,
  revision: event.revision,
  at: event.meta.recordedAt,
  id: event.id,
});

/** Decodes an event of this noun; throws `EventFromNewerVersion` for one that this release doesn't know. */
export function decoder<Event extends DomainEvent>({ events }: { events: EventTable }) {
  const isOurs = (event: Recorded): event is Recorded & Recorded<Event> =>
    Object.hasOwn(events, event.type);
  return (stored: StoredEvent): Recorded<Event> => {
    const event = decode(stored);
    if (!isOurs(event)) throw new EventFromNewerVersion(stored, `in ${stored.stream}`);
    return event;
  };
}

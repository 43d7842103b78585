import type { Decider } from '../../domain/decider.ts';
import type { EventTable } from '../../domain/event-table.ts';
import type { DomainEvent, Recorded, StoredEvent } from '../../domain/events.ts';
import { decode, EventFromNewerVersion } from '../../domain/events.ts';
import type { Instant } from '../../domain/ids.ts';

/** A stream's events up to a revision, folded. */
export interface Fold<State> {
  readonly state: State;
  /** Null while there is no stream. */
  readonly revision: bigint | null;
  /** When its last event was recorded. */
  readonly at: Instant;
}

/** A noun's rules together with the events that its streams consist of. */
export interface Noun<Command, Event extends DomainEvent, State> {
  readonly decider: Decider<Command, Event, State>;
  readonly events: EventTable;
}

const beforeAll: Instant = '0000-01-01T00:00:00.000Z';

export const emptyFold = <State>({ initialState }: { initialState: State }): Fold<State> => ({
  state: initialState,
  revision: null,
  at: beforeAll,
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

import type { DomainEvent } from '../../domain/events.ts';
import type { Place } from './execute.ts';
import type { Fold } from './fold.ts';
import type { Turns } from './stream-turns.ts';
import { newTurns } from './stream-turns.ts';
import type { Waiting } from './waiting.ts';

/** What is kept of one thing between its commands: plain data, because there are many. */
export interface Desk<Command, Event extends DomainEvent, State> {
  readonly first: string;
  /** Commands that came while an append was under way. */
  readonly queue: Waiting<Command, Event, State>[];
  working: boolean;
  resident: Fold<State> | undefined;
  readonly turns: Turns;
  /** Up to where there is a snapshot. */
  saved: Place | null;
  saving: boolean;
}

export const openDesk = <Command, Event extends DomainEvent, State>(
  first: string,
): Desk<Command, Event, State> => ({
  first,
  queue: [],
  working: false,
  resident: undefined,
  turns: newTurns(),
  saved: null,
  saving: false,
});

/** Works a desk's queue off, unless somebody is at it. */
export function workOff<Command, Event extends DomainEvent, State>(
  desk: Desk<Command, Event, State>,
  round: (desk: Desk<Command, Event, State>) => Promise<void>,
): void {
  if (!desk.working) void work(desk, round);
}

async function work<Command, Event extends DomainEvent, State>(
  desk: Desk<Command, Event, State>,
  round: (desk: Desk<Command, Event, State>) => Promise<void>,
): Promise<void> {
  desk.working = true;
  while (desk.queue.length > 0) {
    try {
      await round(desk);
    } catch (error) {
      // The stream could not be folded, so that nothing of the queue was decided.
      for (const { reject } of desk.queue.splice(0)) reject(error);
    }
  }
  desk.working = false;
}

import type { DomainEvent } from '../../domain/events.ts';
import type { Fold } from './fold.ts';
import type { StreamWriter } from './stream-writer.ts';
import type { Waiting } from './waiting.ts';

/** Where the commands of one stream queue up while an append is under way. */
export interface StreamDesk<Command, Event extends DomainEvent, State> {
  submit(waiting: Waiting<Command, Event, State>): void;
  load(): Promise<Fold<State>>;
  readonly waiting: number;
  readonly idle: boolean;
}

export function streamDesk<Command, Event extends DomainEvent, State>({
  round,
  load,
}: StreamWriter<Command, Event, State>): StreamDesk<Command, Event, State> {
  const queue: Waiting<Command, Event, State>[] = [];
  let working = false;

  async function work(): Promise<void> {
    working = true;
    while (queue.length > 0) {
      try {
        await round(queue);
      } catch (error) {
        // The stream could not be folded, so that nothing of the queue was decided.
        for (const { reject } of queue.splice(0)) reject(error);
      }
    }
    working = false;
  }

  return {
    submit(waiting) {
      queue.push(waiting);
      if (!working) void work();
    },
    load: () => load(() => working),
    get waiting() {
      return queue.length;
    },
    get idle() {
      return !working;
    },
  };
}

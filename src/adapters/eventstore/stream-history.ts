import type { DomainEvent, Recorded } from '../../domain/events.ts';
import { eventIdOf } from '../../domain/ids.ts';
import type { Fold, Noun } from './fold.ts';
import { decoder } from './fold.ts';
import type { Log } from './log.ts';

/** What a command has written, as the log has it. */
type WrittenBy<Event extends DomainEvent> = (commandId: string) => readonly Recorded<Event>[];

export interface StreamHistory<Event extends DomainEvent, State> {
  /** Folds all that came after, and finds in it what the commands have written. */
  foldOn(
    start: Fold<State>,
    commandIds: readonly string[],
  ): Promise<{ readonly fold: Fold<State>; readonly writtenBy: WrittenBy<Event> }>;
  /** What a command has written between two revisions. */
  find(
    commandId: string,
    range: { readonly after: bigint | null; readonly upTo: bigint | null },
  ): Promise<readonly Recorded<Event>[]>;
}

export function streamHistory<Command, Event extends DomainEvent, State>(
  stream: string,
  noun: Noun<Command, Event, State>,
  log: Pick<Log, 'read'>,
): StreamHistory<Event, State> {
  const decode = decoder<Event>(noun);
  return {
    async foldOn(start, commandIds) {
      const found = finder<Event>(commandIds);
      let fold = start;
      for await (const stored of log.read(stream, start.revision ?? undefined)) {
        const event = decode(stored);
        const state = noun.decider.evolve(fold.state, event);
        fold = { state, revision: event.revision, at: event.meta.recordedAt };
        found.look(event);
      }
      return { fold, writtenBy: found.writtenBy };
    },
    async find(commandId, { after, upTo }) {
      const found = finder<Event>([commandId]);
      for await (const stored of log.read(stream, after ?? undefined)) {
        if (isAfter(stored.revision, upTo)) break;
        found.look(decode(stored));
      }
      return found.writtenBy(commandId);
    },
  };
}

/** Compares revisions, of which null comes before all. */
export const isAfter = (a: bigint | null, b: bigint | null): boolean => (a ?? -1n) > (b ?? -1n);

/** Recognises events by the ids that commands give them. */
function finder<Event extends DomainEvent>(commandIds: readonly string[]) {
  const found = new Map<string, Recorded<Event>[]>(commandIds.map((id) => [id, []]));
  return {
    look(event: Recorded<Event>) {
      const events = found.get(event.meta.commandId);
      if (events && event.id === eventIdOf(event.meta.commandId, events.length)) events.push(event);
    },
    writtenBy: (commandId: string): readonly Recorded<Event>[] => found.get(commandId) ?? [],
  };
}

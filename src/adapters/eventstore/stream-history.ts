import type { DomainEvent, Recorded } from '../../domain/events.ts';
import { eventIdOf } from '../../domain/ids.ts';
import type { Place } from './execute.ts';
import type { Fold, Noun } from './fold.ts';
import { decoder, emptyFold, foldedOn } from './fold.ts';
import type { Log } from './log.ts';
import type { Snapshots } from './snapshots.ts';
import { foldOf } from './snapshots.ts';
import type { StreamChain } from './stream-chain.ts';

/** What a command has written, as the log has it. */
type WrittenBy<Event extends DomainEvent> = (commandId: string) => readonly Recorded<Event>[];

interface FoundOn<Event extends DomainEvent, State> {
  readonly fold: Fold<State>;
  readonly writtenBy: WrittenBy<Event>;
}

/** What the log has of one noun's streams, read across their ends. */
export interface StreamHistory<Event extends DomainEvent, State> {
  /** Folds from nothing but a known stream's name; a snapshot may save most of it. */
  foldFrom(first: string): Promise<{
    readonly fold: Fold<State>;
    /** What the snapshot had of it. */
    readonly saved: Place | null;
  }>;
  /** Folds all that came after, and finds in it what the commands have written. */
  foldOn(start: Fold<State>, commandIds: readonly string[]): Promise<FoundOn<Event, State>>;
  /** What a command has written between two places. */
  find(
    commandId: string,
    range: { readonly after: Place; readonly upTo: Place },
  ): Promise<readonly Recorded<Event>[]>;
}

export interface HistoryParts<Command, Event extends DomainEvent, State> {
  readonly noun: Noun<Command, Event, State>;
  readonly log: Pick<Log, 'read'>;
  readonly chain: StreamChain<Event, State>;
  readonly snapshots: Pick<Snapshots, 'load'> | undefined;
}

export function streamHistory<Command, Event extends DomainEvent, State>({
  noun,
  log,
  chain,
  snapshots,
}: HistoryParts<Command, Event, State>): StreamHistory<Event, State> {
  const { decider, books } = noun;
  const decode = decoder<Event>(noun);

  /** Ends in the stream that is open now, and opens it when whoever closed the last one didn't. */
  async function foldOn(start: Fold<State>, commandIds: readonly string[]) {
    const found = finder<Event>(commandIds);
    let fold = start;
    for (let closed: string | null = null; ; ) {
      for await (const stored of log.read(fold.stream, fold.revision ?? undefined)) {
        const event = decode(stored);
        fold = foldedOn(noun, fold, event);
        found.look(event);
      }
      const next = books?.next(fold.state) ?? null;
      if (next !== null) {
        closed = fold.stream;
        fold = emptyFold(decider, next);
      } else if (fold.revision === null && closed !== null) {
        await chain.openAfter(closed);
      } else {
        return { fold, writtenBy: found.writtenBy };
      }
    }
  }

  /** A snapshot's fold, if the log still has the very event that it ends with. */
  async function remembered(first: string): Promise<Fold<State> | undefined> {
    const snapshot = books && (await snapshots?.load(first));
    const kept = snapshot && foldOf(snapshot, books);
    if (!kept) return undefined;
    const before = kept.revision === 0n ? undefined : kept.revision - 1n;
    for await (const { id, revision } of log.read(kept.stream, before)) {
      return id === kept.id && revision === kept.revision ? kept : undefined;
    }
    return undefined;
  }

  return {
    foldOn,
    async foldFrom(first) {
      const saved = (await remembered(first)) ?? null;
      const start = saved ?? emptyFold(decider, await chain.current(first));
      return { saved, fold: (await foldOn(start, [])).fold };
    },
    async find(commandId, { after, upTo }) {
      const found = finder<Event>([commandId]);
      for (let { stream, revision }: Place = after; ; revision = null) {
        let last: Recorded<Event> | null = null;
        for await (const stored of log.read(stream, revision ?? undefined)) {
          if (stream === upTo.stream && isAfter(stored.revision, upTo.revision)) break;
          last = decode(stored);
          found.look(last);
        }
        if (stream === upTo.stream) return found.writtenBy(commandId);
        last ??= await chain.last(stream);
        const next: string | null = last && chain.nextAfter(last);
        // What lies past the fold is seen by whoever folds on.
        if (next === null) return [];
        stream = next;
      }
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

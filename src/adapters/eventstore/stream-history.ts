import type { DomainEvent, Recorded, StoredEvent } from '../../domain/events.ts';
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

type Look<Event extends DomainEvent> = (event: Recorded<Event>) => void;

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

  /** A fold with the rest of its stream. */
  async function readOn(start: Fold<State>, look: Look<Event>): Promise<Fold<State>> {
    let fold = start;
    for await (const stored of log.read(fold.stream, fold.revision ?? undefined)) {
      const event = decode(stored);
      fold = foldedOn(noun, fold, event);
      look(event);
    }
    return fold;
  }

  /** Ends in the stream that is open now, and opens it when whoever closed the last one didn't. */
  async function toTheEnd(read: Fold<State>, look: Look<Event>): Promise<Fold<State>> {
    let fold = read;
    for (let closed: string | null = null; ; ) {
      const next = books?.next(fold.state) ?? null;
      if (next !== null) {
        closed = fold.stream;
        fold = await readOn(emptyFold(decider, next), look);
      } else if (fold.revision === null && closed !== null) {
        await chain.openAfter(closed);
        fold = await readOn(fold, look);
      } else {
        return fold;
      }
    }
  }

  async function foldOn(start: Fold<State>, commandIds: readonly string[]) {
    const { look, writtenBy } = finder<Event>(commandIds);
    return { fold: await toTheEnd(await readOn(start, look), look), writtenBy };
  }

  /** A snapshot's fold with the rest of its stream, if the log still has the very event that it ends with. */
  async function believed(kept: Fold<State> & { readonly revision: bigint }) {
    const before = kept.revision === 0n ? undefined : kept.revision - 1n;
    let fold: Fold<State> | undefined;
    for await (const stored of log.read(kept.stream, before)) {
      if (fold) fold = foldedOn(noun, fold, decode(stored));
      else if (stored.id === kept.id && stored.revision === kept.revision) fold = kept;
      else return undefined;
    }
    return fold;
  }

  async function remembered(first: string) {
    const snapshot = books && (await snapshots?.load(first));
    const saved = snapshot && foldOf(snapshot, books);
    const fold = saved && (await believed(saved));
    return fold && { saved, fold: await toTheEnd(fold, unseen) };
  }

  async function unaided(first: string) {
    const start = emptyFold(decider, await chain.current(first));
    return { saved: null, fold: (await foldOn(start, [])).fold };
  }

  return {
    foldOn,
    foldFrom: async (first) => (await remembered(first)) ?? (await unaided(first)),
    find: commandSearch({ log, chain, decode }),
  };
}

interface SearchParts<Event extends DomainEvent, State> {
  readonly log: Pick<Log, 'read'>;
  readonly chain: StreamChain<Event, State>;
  readonly decode: (stored: StoredEvent) => Recorded<Event>;
}

function commandSearch<Event extends DomainEvent, State>({
  log,
  chain,
  decode,
}: SearchParts<Event, State>): StreamHistory<Event, State>['find'] {
  /** Shows what follows a place in its stream, up to an end if there is one; returns the last of it. */
  async function look(
    { stream, revision }: Place,
    end: bigint | null | undefined,
    show: Look<Event>,
  ) {
    let last: Recorded<Event> | null = null;
    for await (const stored of log.read(stream, revision ?? undefined)) {
      if (end !== undefined && isAfter(stored.revision, end)) break;
      last = decode(stored);
      show(last);
    }
    return last;
  }

  async function streamAfter(stream: string, seen: Recorded<Event> | null): Promise<string | null> {
    const last = seen ?? (await chain.last(stream));
    return last && chain.nextAfter(last);
  }

  return async (commandId, { after, upTo }) => {
    const found = finder<Event>([commandId]);
    for (let { stream, revision }: Place = after; ; revision = null) {
      const isLast = stream === upTo.stream;
      const seen = await look({ stream, revision }, isLast ? upTo.revision : undefined, found.look);
      if (isLast) return found.writtenBy(commandId);
      const next = await streamAfter(stream, seen);
      // What lies past the fold is seen by whoever folds on.
      if (next === null) return [];
      stream = next;
    }
  };
}

/** Compares revisions, of which null comes before all. */
export const isAfter = (a: bigint | null, b: bigint | null): boolean => (a ?? -1n) > (b ?? -1n);

const unseen = () => undefined;

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

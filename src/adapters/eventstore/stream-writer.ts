import type { DomainEvent } from '../../domain/events.ts';
import type { Instant } from '../../domain/ids.ts';
import { backOff } from '../back-off.ts';
import type { Batch } from './command-batch.ts';
import { decideBatch } from './command-batch.ts';
import type { Fold, Noun } from './fold.ts';
import { emptyFold } from './fold.ts';
import type { Log } from './log.ts';
import { isAfter, streamHistory } from './stream-history.ts';
import type { Waiting } from './waiting.ts';
import { answer, answerAsStored, answerFault, needsSearch, searchFrom } from './waiting.ts';

export interface WriterParts<Command, Event extends DomainEvent, State> {
  readonly stream: string;
  readonly noun: Noun<Command, Event, State>;
  readonly log: Pick<Log, 'append' | 'read'>;
  readonly now: () => Instant;
}

/** Holds a stream's fold and writes to it; never two rounds at once. */
export interface StreamWriter<Command, Event extends DomainEvent, State> {
  /** Decides what is queued and sees one append through; what lost a race is queued again, first. */
  round(queue: Waiting<Command, Event, State>[]): Promise<void>;
  /** The fold with all that the log has now; kept unless a round is under way. */
  load(isWriting: () => boolean): Promise<Fold<State>>;
}

export function streamWriter<Command, Event extends DomainEvent, State>(
  parts: WriterParts<Command, Event, State>,
): StreamWriter<Command, Event, State> {
  type Waiter = Waiting<Command, Event, State>;
  type Queue = Waiter[];
  type Decided = Batch<Command, Event, State>;
  const { stream, noun, log, now } = parts;
  const history = streamHistory(stream, noun, log);
  let resident: Fold<State> | undefined;
  let racesLost = 0;

  async function firstFold(queue: Queue): Promise<Fold<State>> {
    const early = queue.slice();
    const { fold } = await history.foldOn(emptyFold(noun.decider), []);
    for (const waiting of early) waiting.confirmed = true;
    return fold;
  }

  /** Folds what others wrote; answers the waiters whose events are among it and returns the rest. */
  async function catchUp(start: Fold<State>, { entries }: Decided) {
    const commandIds = entries.map(({ waiting }) => waiting.context.commandId);
    const { fold, writtenBy } = await history.foldOn(start, commandIds);
    resident = fold;
    return entries.filter(({ waiting }) => {
      waiting.confirmed = true;
      waiting.searchedTo = fold.revision;
      return !answerAsStored(waiting, writtenBy(waiting.context.commandId), fold);
    });
  }

  /** Before a claimed command is decided: what an earlier run of it wrote is its outcome. */
  async function searchClaimed(queue: Queue, fold: Fold<State>): Promise<void> {
    for (const waiting of queue.filter((each) => needsSearch(each, fold))) {
      const range = { after: searchFrom(waiting), upTo: fold.revision };
      const events = await history.find(waiting.context.commandId, range);
      waiting.searchedTo = fold.revision;
      if (answerAsStored(waiting, events, fold)) queue.splice(queue.indexOf(waiting), 1);
    }
  }

  /** Returns the commands that are to be decided again. */
  async function write(start: Fold<State>, batch: Decided): Promise<readonly Waiter[]> {
    const written = await log.append(stream, start.revision ?? 'no_stream', batch.events);
    if (!written.ok) {
      const open = await catchUp(start, batch);
      racesLost += 1;
      await backOff(racesLost, { firstMs: 2, mostMs: 100 });
      return open.map(toWaiter);
    }
    racesLost = 0;
    resident = batch.fold;
    // Another process may have written the same claimed command: the log's events are the outcome.
    const open = batch.claimed ? await catchUp(start, batch) : batch.entries;
    for (const entry of open) answer(stream, entry, written.position);
    return [];
  }

  /** Nobody is told no, or nothing, because of what another process has changed meanwhile. */
  async function confirm(start: Fold<State>, batch: Decided): Promise<readonly Waiter[]> {
    const sure = batch.entries.every(({ waiting }) => waiting.confirmed);
    const open = sure ? batch.entries : await catchUp(start, batch);
    if (resident?.revision !== start.revision) return open.map(toWaiter);
    for (const entry of open) answer(stream, entry, null);
    return [];
  }

  async function round(queue: Queue): Promise<void> {
    const start = resident ?? (await firstFold(queue));
    resident = start;
    // More may have come during a search.
    while (queue.some((each) => needsSearch(each, start))) await searchClaimed(queue, start);
    const batch = decideBatch(noun, queue, start, now());
    try {
      const again = await (batch.events.length > 0 ? write(start, batch) : confirm(start, batch));
      queue.unshift(...again);
    } catch (error) {
      for (const entry of batch.entries) answerFault(stream, entry, error);
      // What an append of unknown outcome left behind is for the next fold to see.
      resident = undefined;
    }
  }

  return {
    round,
    async load(isWriting) {
      const { fold } = await history.foldOn(resident ?? emptyFold(noun.decider), []);
      if (!isWriting() && !isAfter(resident?.revision ?? null, fold.revision)) resident = fold;
      return fold;
    },
  };
}

const toWaiter = <Waiter>({ waiting }: { readonly waiting: Waiter }): Waiter => waiting;

import type { DomainEvent } from '../../domain/events.ts';
import type { Batch } from './command-batch.ts';
import { decideBatch } from './command-batch.ts';
import type { DeskFolds, FoldParts } from './desk-folds.ts';
import { deskFolds } from './desk-folds.ts';
import type { Fold } from './fold.ts';
import type { Log } from './log.ts';
import type { Desk } from './stream-desk.ts';
import { begin, lost, won } from './stream-turns.ts';
import type { Waiting } from './waiting.ts';
import { answer, answerAsStored, answerFault, searchFrom } from './waiting.ts';

export interface WriterParts<Command, Event extends DomainEvent, State>
  extends FoldParts<Command, Event, State> {
  readonly log: Pick<Log, 'append'>;
}

/** Holds the folds of desks and writes for them; never two rounds at once at one desk. */
export interface StreamWriter<Command, Event extends DomainEvent, State>
  extends Pick<DeskFolds<Command, Event, State>, 'load'> {
  /** Decides what is queued and sees one append through; what lost a race is queued again, first. */
  round(desk: Desk<Command, Event, State>): Promise<void>;
}

export function streamWriter<Command, Event extends DomainEvent, State>(
  parts: WriterParts<Command, Event, State>,
): StreamWriter<Command, Event, State> {
  type Waiter = Waiting<Command, Event, State>;
  type Decided = Batch<Command, Event, State>;
  type At = Desk<Command, Event, State>;
  const { noun, log, history, snapshots, now } = parts;
  const { toDecideIn, isDue, catchUp, load } = deskFolds(parts);

  /** Before a claimed command is decided: what an earlier run of it wrote is its outcome. */
  async function searchClaimed({ queue }: At, fold: Fold<State>): Promise<void> {
    for (const waiting of queue.slice()) {
      const after = searchFrom(waiting, fold);
      if (!after) continue;
      const events = await history.find(waiting.context.commandId, { after, upTo: fold });
      waiting.searchedTo = fold;
      if (answerAsStored(waiting, events, fold)) queue.splice(queue.indexOf(waiting), 1);
    }
  }

  /** Returns the commands that are to be decided again. */
  async function write(desk: At, start: Fold<State>, batch: Decided): Promise<readonly Waiter[]> {
    const written = await log.append(start.stream, start.revision ?? 'no_stream', batch.events);
    if (!written.ok) {
      lost(desk.turns);
      return (await catchUp(desk, start, batch.entries)).map(toWaiter);
    }
    won(desk.turns, batch.events.length);
    desk.resident = batch.fold;
    // Another process may have written the same claimed command: the log's events are the outcome.
    const open = batch.claimed ? await catchUp(desk, start, batch.entries) : batch.entries;
    for (const entry of open) answer(entry, written.position);
    snapshots.keep(desk);
    return [];
  }

  /** Nobody is told no, or nothing, because of what another process has changed meanwhile. */
  async function confirm(desk: At, start: Fold<State>, batch: Decided): Promise<readonly Waiter[]> {
    const sure = batch.entries.every(({ waiting }) => waiting.confirmed);
    const open = sure ? batch.entries : await catchUp(desk, start, batch.entries);
    if (desk.resident?.id !== start.id) return open.map(toWaiter);
    for (const entry of open) answer(entry, null);
    return [];
  }

  async function round(desk: At): Promise<void> {
    const { queue } = desk;
    const start = await toDecideIn(desk);
    // More may have come during a search.
    while (queue.some((each) => searchFrom(each, start))) await searchClaimed(desk, start);
    const most = begin(desk.turns);
    const batch = decideBatch(noun, queue, { start, now: now(), isDue, most });
    try {
      const again = await (batch.events.length > 0
        ? write(desk, start, batch)
        : confirm(desk, start, batch));
      queue.unshift(...again);
    } catch (error) {
      for (const entry of batch.entries) answerFault(desk.first, entry, error);
      // What an append of unknown outcome left behind is for the next fold to see.
      desk.resident = undefined;
    }
  }

  return { round, load };
}

const toWaiter = <Waiter>({ waiting }: { readonly waiting: Waiter }): Waiter => waiting;

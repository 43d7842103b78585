import { setTimeout as sleep } from 'node:timers/promises';
import type { DomainEvent } from '../../domain/events.ts';
import type { Instant } from '../../domain/ids.ts';
import { later } from '../../domain/ids.ts';
import type { Batch } from './command-batch.ts';
import { decideBatch } from './command-batch.ts';
import type { Place } from './execute.ts';
import type { Fold, Noun } from './fold.ts';
import type { Log } from './log.ts';
import type { SnapshotKeeper } from './snapshot-keeper.ts';
import type { StreamChain } from './stream-chain.ts';
import type { Desk } from './stream-desk.ts';
import type { StreamHistory } from './stream-history.ts';
import { begin, leftMs, lost, turnCame, won } from './stream-turns.ts';
import type { Waiting } from './waiting.ts';
import { answer, answerAsStored, answerFault, searchFrom } from './waiting.ts';

export interface WriterParts<Command, Event extends DomainEvent, State> {
  readonly noun: Noun<Command, Event, State>;
  readonly log: Pick<Log, 'append'>;
  readonly history: StreamHistory<Event, State>;
  readonly chain: StreamChain<Event, State>;
  readonly snapshots: SnapshotKeeper<State>;
  readonly now: () => Instant;
  /** A stream with so many is closed before the next command. */
  readonly mostEvents: number;
}

/** Holds the folds of desks and writes for them; never two rounds at once at one desk. */
export interface StreamWriter<Command, Event extends DomainEvent, State> {
  /** Decides what is queued and sees one append through; what lost a race is queued again, first. */
  round(desk: Desk<Command, Event, State>): Promise<void>;
  /** The fold with all that the log has now; kept unless a round is under way. */
  load(desk: Desk<Command, Event, State>): Promise<Fold<State>>;
}

export function streamWriter<Command, Event extends DomainEvent, State>(
  parts: WriterParts<Command, Event, State>,
): StreamWriter<Command, Event, State> {
  type Waiter = Waiting<Command, Event, State>;
  type Decided = Batch<Command, Event, State>;
  type At = Desk<Command, Event, State>;
  const { noun, log, history, chain, snapshots, now, mostEvents } = parts;

  const settle = (desk: At, fold: Fold<State>, saved: Place | null) => {
    desk.resident = fold;
    desk.saved = saved;
    snapshots.keepNow(desk);
  };

  async function firstFold(desk: At): Promise<Fold<State>> {
    const early = desk.queue.slice();
    const { fold, saved } = await history.foldFrom(desk.first);
    for (const waiting of early) waiting.confirmed = true;
    settle(desk, fold, saved);
    return fold;
  }

  /** Whether the books must be closed before a command is decided. */
  const isDue = ({ state, at: last, revision }: Fold<State>, at: Instant): boolean =>
    noun.books?.due(state, { at, last, events: Number(revision ?? -1n) + 1, mostEvents }) ?? false;

  /** The fold in which the next command may be decided: of the next stream, when this one is full. */
  async function rolledOver(desk: At, start: Fold<State>): Promise<Fold<State>> {
    let fold = start;
    for (;;) {
      const first = desk.queue.find(({ gaveUp }) => !gaveUp);
      const at = first && later(later(first.context.at, now()), fold.at);
      if (!(first && at && isDue(fold, at))) return fold;
      await chain.close(fold, at, first.context);
      // Whoever closed it, and whatever came between: that is what the log says.
      fold = (await history.foldOn(fold, [])).fold;
      desk.resident = fold;
    }
  }

  /** Folds what others wrote; answers the waiters whose events are among it and returns the rest. */
  async function catchUp(desk: At, start: Fold<State>, { entries }: Decided) {
    const commandIds = entries.map(({ waiting }) => waiting.context.commandId);
    const { fold, writtenBy } = await history.foldOn(start, commandIds);
    desk.resident = fold;
    return entries.filter(({ waiting }) => {
      waiting.confirmed = true;
      waiting.searchedTo = fold;
      return !answerAsStored(waiting, writtenBy(waiting.context.commandId), fold);
    });
  }

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
      return (await catchUp(desk, start, batch)).map(toWaiter);
    }
    won(desk.turns, batch.events.length);
    desk.resident = batch.fold;
    // Another process may have written the same claimed command: the log's events are the outcome.
    const open = batch.claimed ? await catchUp(desk, start, batch) : batch.entries;
    for (const entry of open) answer(entry, written.position);
    snapshots.keep(desk);
    return [];
  }

  /** Nobody is told no, or nothing, because of what another process has changed meanwhile. */
  async function confirm(desk: At, start: Fold<State>, batch: Decided): Promise<readonly Waiter[]> {
    const sure = batch.entries.every(({ waiting }) => waiting.confirmed);
    const open = sure ? batch.entries : await catchUp(desk, start, batch);
    if (desk.resident?.id !== start.id) return open.map(toWaiter);
    for (const entry of open) answer(entry, null);
    return [];
  }

  /** After an append beside other writers: they go first, as long as a turn takes them. */
  async function giveWay(desk: At, own: Fold<State>): Promise<Fold<State>> {
    let fold = own;
    for (let left = leftMs(desk.turns); left > 0; left = leftMs(desk.turns)) {
      await sleep(Math.min(left, lookMs));
      fold = (await history.foldOn(own, [])).fold;
      const taken = fold.id !== own.id;
      if (taken || leftMs(desk.turns) <= 0) turnCame(desk.turns, { taken });
    }
    return fold;
  }

  async function round(desk: At): Promise<void> {
    const { queue } = desk;
    const known = desk.resident ?? (await firstFold(desk));
    desk.resident = await giveWay(desk, known);
    const start = await rolledOver(desk, desk.resident);
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

  return {
    round,
    async load(desk) {
      const { resident } = desk;
      const { fold, saved } = resident
        ? { fold: (await history.foldOn(resident, [])).fold, saved: desk.saved }
        : await history.foldFrom(desk.first);
      if (!desk.working && desk.resident === resident) settle(desk, fold, saved);
      return fold;
    },
  };
}

/** So often it is looked whether the others have had their turn. */
const lookMs = 5;

const toWaiter = <Waiter>({ waiting }: { readonly waiting: Waiter }): Waiter => waiting;

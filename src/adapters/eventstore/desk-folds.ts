import { setTimeout as sleep } from 'node:timers/promises';
import type { DomainEvent } from '../../domain/events.ts';
import type { Instant } from '../../domain/ids.ts';
import { later } from '../../domain/ids.ts';
import type { Place } from './execute.ts';
import type { Fold, Noun } from './fold.ts';
import type { SnapshotKeeper } from './snapshot-keeper.ts';
import type { StreamChain } from './stream-chain.ts';
import type { Desk } from './stream-desk.ts';
import type { StreamHistory } from './stream-history.ts';
import { leftMs, turnCame } from './stream-turns.ts';
import type { Entry } from './waiting.ts';
import { answerAsStored } from './waiting.ts';

export interface FoldParts<Command, Event extends DomainEvent, State> {
  readonly noun: Noun<Command, Event, State>;
  readonly history: StreamHistory<Event, State>;
  readonly chain: StreamChain<Event, State>;
  readonly snapshots: SnapshotKeeper<State>;
  readonly now: () => Instant;
  /** A stream with so many is closed before the next command. */
  readonly mostEvents: number;
}

/** Brings the folds of desks to where the log is. */
export interface DeskFolds<Command, Event extends DomainEvent, State> {
  /** The fold in which the next command may be decided. */
  toDecideIn(desk: Desk<Command, Event, State>): Promise<Fold<State>>;
  /** Whether the books must be closed before a command is decided. */
  isDue(fold: Fold<State>, at: Instant): boolean;
  /** Folds what others wrote; answers the waiters whose events are among it and returns the rest. */
  catchUp(
    desk: Desk<Command, Event, State>,
    start: Fold<State>,
    entries: readonly Entry<Command, Event, State>[],
  ): Promise<readonly Entry<Command, Event, State>[]>;
  /** The fold with all that the log has now; kept unless a round is under way. */
  load(desk: Desk<Command, Event, State>): Promise<Fold<State>>;
}

export function deskFolds<Command, Event extends DomainEvent, State>(
  parts: FoldParts<Command, Event, State>,
): DeskFolds<Command, Event, State> {
  type At = Desk<Command, Event, State>;
  const { noun, history, chain, snapshots, now, mostEvents } = parts;

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

  const isDue = ({ state, at: last, revision }: Fold<State>, at: Instant): boolean =>
    noun.books?.due(state, { at, last, events: Number(revision ?? -1n) + 1, mostEvents }) ?? false;

  /** Of the next stream, when this one is full. */
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

  return {
    isDue,
    async toDecideIn(desk) {
      desk.resident = await giveWay(desk, desk.resident ?? (await firstFold(desk)));
      return rolledOver(desk, desk.resident);
    },
    async catchUp(desk, start, entries) {
      const commandIds = entries.map(({ waiting }) => waiting.context.commandId);
      const { fold, writtenBy } = await history.foldOn(start, commandIds);
      desk.resident = fold;
      return entries.filter(({ waiting }) => {
        waiting.confirmed = true;
        waiting.searchedTo = fold;
        return !answerAsStored(waiting, writtenBy(waiting.context.commandId), fold);
      });
    },
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

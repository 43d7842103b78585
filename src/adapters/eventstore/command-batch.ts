import type { CommandContext } from '../../domain/envelope.ts';
import type { DomainEvent } from '../../domain/events.ts';
import type { Instant } from '../../domain/ids.ts';
import { eventIdOf, later } from '../../domain/ids.ts';
import { Rejection } from '../../domain/rejection.ts';
import { envelopeOf } from './envelope-of.ts';
import type { Fold, Noun } from './fold.ts';
import type { NewEvent } from './log.ts';
import { sizeOf } from './serialised.ts';
import type { Draft, Entry, Waiting } from './waiting.ts';

const mostEvents = 500;
const mostBytes = 900 * 1024;

export interface Batch<Command, Event extends DomainEvent, State> {
  readonly entries: readonly Entry<Command, Event, State>[];
  readonly events: readonly NewEvent[];
  /** The fold including all of it. */
  readonly fold: Fold<State>;
  /** One of its commands may be run by other processes too. */
  readonly claimed: boolean;
}

export interface BatchParts<State> {
  readonly start: Fold<State>;
  readonly now: Instant;
  /** Whether the stream must be closed before a command is decided at a moment. */
  readonly isDue: (fold: Fold<State>, at: Instant) => boolean;
  /** Events that this append should have at most, as long as one command doesn't decide more. */
  readonly most: number;
}

/** Takes commands off the queue and decides them in order, as many as one append holds. */
export function decideBatch<Command, Event extends DomainEvent, State>(
  noun: Noun<Command, Event, State>,
  queue: Waiting<Command, Event, State>[],
  { start, now, isDue, most }: BatchParts<State>,
): Batch<Command, Event, State> {
  const entries: Entry<Command, Event, State>[] = [];
  const append = appendInMaking(most);
  let fold = start;

  /** False: it has to wait for the next append. */
  const take = (waiting: Waiting<Command, Event, State>): boolean => {
    const at = later(later(waiting.context.at, now), fold.at);
    if (isDue(fold, at)) return false;
    let decided: readonly Event[];
    try {
      decided = decide(noun, waiting, { state: fold.state, at });
    } catch (refusal) {
      entries.push({ waiting, refusal });
      return true;
    }
    const first = (fold.revision ?? -1n) + 1n;
    const drafts = drafted(decided, { context: waiting.context, at, first });
    const added = append.add(waiting.context.commandId, drafts);
    if (added === 'next_time') return false;
    if (added === 'never') {
      entries.push({
        waiting,
        refusal: new Error('A command decided more than one append holds.'),
      });
      return true;
    }
    for (const { event, revision, id } of drafts) {
      const state = noun.decider.evolve(fold.state, event);
      fold = { state, stream: start.stream, revision, at, id };
    }
    entries.push({ waiting, drafts, fold });
    return true;
  };

  let taken = 0;
  for (const waiting of queue) {
    // Its caller was told that nobody knows, and may ask again: better that it never happens.
    if (!waiting.gaveUp && !take(waiting)) break;
    taken += 1;
  }
  queue.splice(0, taken);
  const claimed = entries.some(({ waiting }) => waiting.context.claimedAfter !== undefined);
  return { entries, events: append.events, fold, claimed };
}

/** What is to be written of a command; throws a refusal that need not be. */
function decide<Command, Event extends DomainEvent, State>(
  { decider, events, refused }: Noun<Command, Event, State>,
  { command, context }: Waiting<Command, Event, State>,
  { state, at }: Pick<Fold<State>, 'state' | 'at'>,
): readonly Event[] {
  const fenceOf = context.again && context.claimedAfter ? refused : undefined;
  try {
    const decided = decider.decide(command(at), state);
    // An event that could not be read again would stop its stream and every read model.
    for (const { type, data } of decided) events[type]?.parse(data);
    return fenceOf && decided.length === 0 ? [fenceOf(null)] : decided;
  } catch (refusal) {
    if (!(fenceOf && refusal instanceof Rejection)) throw refusal;
    return [fenceOf(refusal)];
  }
}

/** Keeps an append within the log's limits, and its ids unique. */
function appendInMaking(most: number) {
  const events: NewEvent[] = [];
  const commandIds = new Set<string>();
  let bytes = 0;
  return {
    events,
    add(commandId: string, drafts: readonly Draft<DomainEvent>[]) {
      if (drafts.length === 0) return 'added';
      // The second of two runs of one command finds the first one's events, once they are written.
      if (commandIds.has(commandId)) return 'next_time';
      const added = drafts.map(toNewEvent);
      const size = added.reduce((sum, each) => sum + sizeOf(each), 0);
      const count = events.length + added.length;
      const fits = count <= mostEvents && bytes + size <= mostBytes;
      if (events.length === 0 && !fits) return 'never';
      if (events.length > 0 && !(fits && count <= most)) return 'next_time';
      events.push(...added);
      commandIds.add(commandId);
      bytes += size;
      return 'added';
    },
  };
}

const toNewEvent = ({ event: { type, data }, id, meta }: Draft<DomainEvent>): NewEvent => ({
  id,
  type,
  data,
  metadata: meta,
});

function drafted<Event extends DomainEvent>(
  decided: readonly Event[],
  { context, at, first }: { context: CommandContext; at: Instant; first: bigint },
): readonly Draft<Event>[] {
  return decided.map((event, index) => ({
    event,
    id: eventIdOf(context.commandId, index),
    revision: first + BigInt(index),
    meta: envelopeOf(event.type, context, at),
  }));
}

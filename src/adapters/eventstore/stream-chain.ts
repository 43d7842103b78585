import { randomUUID } from 'node:crypto';
import type { DomainEvent, Recorded } from '../../domain/events.ts';
import { currentVersionOf } from '../../domain/events.ts';
import type { Instant } from '../../domain/ids.ts';
import { eventIdOf } from '../../domain/ids.ts';
import { envelopeOf } from './envelope-of.ts';
import type { ExecuteContext } from './execute.ts';
import type { Fold, Noun } from './fold.ts';
import { decoder } from './fold.ts';
import type { Log } from './log.ts';

/** The streams of one thing, each closed one naming the next. */
export interface StreamChain<Event extends DomainEvent, State> {
  /** The stream after the one that an event is the last of; null when that one is open. */
  nextAfter(event: Recorded<Event>): string | null;
  /** A stream's last event. */
  last(stream: string): Promise<Recorded<Event> | null>;
  /** The stream that is written to now, found by following a known one, and opened if need be. */
  current(from: string): Promise<string>;
  /** Asks for the fence after a fold; whether it is ours that stands there the log says. */
  close(fold: Fold<State>, at: Instant, context: ExecuteContext): Promise<void>;
  /** Writes a closed stream's next one, as any process would. */
  openAfter(closed: string): Promise<void>;
}

export function streamChain<Command, Event extends DomainEvent, State>(
  noun: Noun<Command, Event, State>,
  log: Pick<Log, 'append' | 'last'>,
): StreamChain<Event, State> {
  const { decider, books, events } = noun;
  const decode = decoder<Event>(noun);

  const nextAfter = (event: Recorded<Event>) =>
    books ? books.next(decider.evolve(decider.initialState, event)) : null;

  async function last(stream: string) {
    const stored = await log.last(stream);
    return stored && decode(stored);
  }

  /** An event that could not be read again would stop its stream and every read model. */
  const checked = (event: Event): Event => {
    events[event.type]?.parse(event.data);
    return event;
  };

  async function current(from: string): Promise<string> {
    let stream = from;
    for (let next = books && (await nextOf(stream)); next; next = await nextOf(stream)) {
      if (!(await log.last(next))) await openAfter(stream);
      stream = next;
    }
    return stream;
  }

  async function nextOf(stream: string): Promise<string | null> {
    const event = await last(stream);
    return event && nextAfter(event);
  }

  async function openAfter(closed: string): Promise<void> {
    const event = await last(closed);
    const next = event && nextAfter(event);
    if (!books || !next) throw new Error(`${closed} is not closed.`);
    const { type, data } = checked(books.open(event));
    const metadata = { ...event.meta, v: currentVersionOf(type) };
    await log.append(next, 'no_stream', [{ id: eventIdOf(next, 0), type, data, metadata }]);
  }

  return {
    nextAfter,
    last,
    current,
    async close({ state, stream, revision }, at, { correlationId }) {
      if (!books || revision === null) throw new Error(`${stream} has no books to close.`);
      const { type, data } = checked(books.close(state, { stream, at }));
      const context = {
        commandId: `close/${stream}`,
        correlationId,
        actor: { type: 'system', id: 'books' },
        at,
        source: 'books',
      } as const;
      // Two processes may close it in different states: their fences must never pass for one.
      const fence = { id: randomUUID(), type, data, metadata: envelopeOf(type, context, at) };
      await log.append(stream, revision, [fence]);
    },
    openAfter,
  };
}

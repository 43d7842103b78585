import type { Logger } from 'pino';
import type { FeedItem, Log } from '../eventstore/log.ts';
import { follow } from './follow.ts';
import type { Stopped } from './lanes.ts';
import type { Projector } from './project.ts';

export interface FeedState {
  /** The log was read to its end since this process started, and the tables hold it. */
  readonly caughtUp: boolean;
  /** Why nothing is projected at the moment; null when all is well. */
  readonly failing: string | null;
  readonly position: bigint | null;
  readonly stopped: readonly Stopped[];
  /** Events and transactions since the start. */
  readonly events: number;
  readonly batches: number;
}

export interface Feed {
  state(): FeedState;
  position(): bigint | null;
  /** Resolves with true as soon as the read models hold this position, with false after the timeout. */
  waitFor(position: bigint, timeoutMs: number): Promise<boolean>;
  /** Stops after the batch that is being written. */
  close(): Promise<void>;
}

export interface DirectFeedParts {
  readonly eventLog: Pick<Log, 'subscribe'>;
  readonly projector: Projector;
  readonly log: Logger;
  /** Called after every batch. */
  readonly onBatch?: (events: number, milliseconds: number) => void;
}

/** Feeds the projector from a subscription on the log, from the earliest checkpoint on. */
export function directFeed({ eventLog, projector, log, onBatch }: DirectFeedParts): Feed {
  const closing = new AbortController();
  const waiters = positionWaiters(projector.position);
  const counts = { events: 0, batches: 0 };
  let caughtUp = false;
  let failing: string | null = null;

  async function take(items: readonly FeedItem[]): Promise<void> {
    const events = items.flatMap((item) => (item.kind === 'event' ? [item.event] : []));
    const since = performance.now();
    if (events.length > 0) {
      await projector.apply(events);
      counts.events += events.length;
      counts.batches += 1;
      onBatch?.(events.length, performance.now() - since);
      waiters.wake();
    }
    if (!items.some(({ kind }) => kind === 'caught_up')) return;
    await projector.show();
    caughtUp = true;
  }

  const done = follow(
    {
      name: 'the projector',
      async open() {
        const after = await projector.open();
        waiters.wake();
        return after;
      },
      subscribe: (after, signal) => eventLog.subscribe({ after, signal }),
      take,
      wants: projector.runs,
      close: projector.close,
    },
    { log, signal: closing.signal, onState: (failure) => (failing = failure) },
  );

  return {
    state: () => ({
      caughtUp,
      failing,
      position: projector.position(),
      stopped: projector.stopped(),
      ...counts,
    }),
    position: projector.position,
    waitFor: waiters.waitFor,
    async close() {
      closing.abort();
      await done;
      waiters.giveUp();
    },
  };
}

/** Callers who wait until the read models hold what they wrote. */
function positionWaiters(current: () => bigint | null) {
  const waiting = new Set<{ readonly position: bigint; answer(reached: boolean): void }>();
  const reached = (position: bigint) => (current() ?? -1n) >= position;
  return {
    waitFor(position: bigint, timeoutMs: number): Promise<boolean> {
      if (reached(position)) return Promise.resolve(true);
      return new Promise((resolve) => {
        const timer = setTimeout(() => waiter.answer(false), timeoutMs);
        const waiter = {
          position,
          answer(yes: boolean) {
            clearTimeout(timer);
            waiting.delete(waiter);
            resolve(yes);
          },
        };
        waiting.add(waiter);
      });
    },
    wake() {
      for (const waiter of waiting) if (reached(waiter.position)) waiter.answer(true);
    },
    giveUp() {
      for (const waiter of waiting) waiter.answer(false);
    },
  };
}

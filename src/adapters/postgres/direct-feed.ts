import type { Logger } from 'pino';
import type { FeedItem, Log } from '../eventstore/log.ts';
import { follow } from './follow.ts';
import type { Stopped } from './lanes.ts';
import { lookForChanges } from './look-for-changes.ts';
import type { Projector } from './project.ts';

export interface FeedState {
  /** The log was read to its end since this process started, and the tables hold it. */
  readonly caughtUp: boolean;
  /** Why nothing is projected at the moment; null when all is well. */
  readonly failing: string | null;
  readonly position: bigint | null | undefined;
  readonly stopped: readonly Stopped[];
}

export interface Feed {
  state(): FeedState;
  /** Up to where the tables hold the log; undefined: this process has nothing to feed. */
  position(): bigint | null | undefined;
  /** Stops after the batch that is being written. */
  close(): Promise<void>;
}

export interface DirectFeedParts {
  readonly eventLog: Pick<Log, 'head' | 'subscribe'>;
  readonly projector: Projector;
  readonly log: Logger;
  /** So long the tables may stand still while the log goes on; then it is read anew. */
  readonly silentMs?: number;
}

/** Feeds the projector from a subscription on the log, from the earliest position on. */
export function directFeed({ eventLog, projector, log, silentMs }: DirectFeedParts): Feed {
  const closing = new AbortController();
  let caughtUp = false;
  let failing: string | null = null;

  async function take(items: readonly FeedItem[]): Promise<void> {
    const events = items.flatMap((item) => (item.kind === 'event' ? [item.event] : []));
    if (events.length > 0) await projector.apply(events);
    if (items.some(({ kind }) => kind === 'caught_up')) caughtUp = true;
  }

  const { done } = follow(
    {
      name: 'the projector',
      async open(again, signal) {
        const after = await projector.open();
        lookForChanges(projector, again, signal);
        return after;
      },
      subscribe: (after, signal) => eventLog.subscribe({ after, signal }),
      take,
      takesAhead: true,
      position: projector.position,
      wants: projector.runs,
      close: projector.close,
    },
    {
      ...{ head: eventLog.head, log, signal: closing.signal, silentMs },
      onState: (failure) => (failing = failure),
    },
  );

  return {
    state: () => ({
      caughtUp,
      failing,
      position: projector.position(),
      stopped: projector.stopped(),
    }),
    position: projector.position,
    async close() {
      closing.abort();
      await done;
    },
  };
}

import { LogUnavailable } from './flights.ts';

/** Lets work in until it is closed. */
export interface CountingDoor {
  enter<T>(work: () => Promise<T>): Promise<T>;
  /** Resolves when the last work inside is done. */
  close(): Promise<void>;
}

export function countingDoor(): CountingDoor {
  let inside = 0;
  let closed = false;
  const empty = Promise.withResolvers<void>();
  const settle = () => {
    if (closed && inside === 0) empty.resolve();
  };
  return {
    async enter(work) {
      if (closed) throw new LogUnavailable('The event node is stopping.');
      inside += 1;
      try {
        return await work();
      } finally {
        inside -= 1;
        settle();
      }
    },
    close() {
      closed = true;
      settle();
      return empty.promise;
    },
  };
}

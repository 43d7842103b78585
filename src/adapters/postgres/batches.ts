import { setImmediate as turn } from 'node:timers/promises';

export interface Batching {
  readonly most: number;
  readonly signal: AbortSignal;
  /** After a batch of so many items the next one is gathered for so long, unless it is full before. */
  readonly restMs?: (items: number) => number;
}

/**
 * Turns single items into batches of whatever is waiting, at most `most` of them. Reads ahead by two
 * batches and no further, so that a slow taker slows the source; the source is told to end when the
 * taker leaves.
 */
export async function* batches<Item>(
  open: (signal: AbortSignal) => AsyncIterable<Item>,
  { most, signal, restMs }: Batching,
): AsyncGenerator<readonly Item[], void, undefined> {
  const left = new AbortController();
  let arrived = Promise.withResolvers<void>();
  let taken = Promise.withResolvers<void>();
  let full = Promise.withResolvers<void>();
  let waiting: Item[] = [];
  let ended = false;

  async function readAhead(): Promise<void> {
    try {
      for await (const item of open(AbortSignal.any([signal, left.signal]))) {
        if (left.signal.aborted) return;
        waiting.push(item);
        arrived.resolve();
        if (waiting.length >= most) full.resolve();
        if (waiting.length < most * 2) continue;
        taken = Promise.withResolvers();
        await taken.promise;
      }
    } finally {
      ended = true;
      arrived.resolve();
      full.resolve();
    }
  }

  /** Whoever has much to catch up with doesn't rest at all, and nobody whose source has ended. */
  async function gather(ms: number): Promise<void> {
    full = Promise.withResolvers();
    if (ended || waiting.length >= most) return;
    const rested = setTimeout(full.resolve, ms);
    await full.promise;
    clearTimeout(rested);
  }

  const reading = readAhead();
  // Awaited below; a failure while nobody waits is not unhandled.
  reading.catch(() => {});
  try {
    while (waiting.length > 0 || !ended) {
      if (waiting.length === 0) {
        arrived = Promise.withResolvers();
        await arrived.promise;
        // What was sent together arrives in one turn of the event loop.
        await turn();
        continue;
      }
      const batch = waiting.slice(0, most);
      waiting = waiting.slice(most);
      taken.resolve();
      yield batch;
      if (restMs) await gather(restMs(batch.length));
    }
    await reading;
  } finally {
    left.abort();
    taken.resolve();
  }
}

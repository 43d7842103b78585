import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { reasonOf } from './adapters/reason-of.ts';

export interface Running {
  /** Resolves when the process has ended; never rejects. */
  exited: Promise<void>;
  stop(): Promise<void>;
}

export interface Supervised<R extends Running> {
  first: R;
  /** Stops the process, or its start, for good. */
  stop(): Promise<void>;
}

export interface Supervision<R extends Running> {
  /** Gives up, leaving nothing behind, when the signal aborts. The first process is given when it starts again. */
  start(signal: AbortSignal, first?: R): Promise<R>;
  onUp(running: R): void;
  onDown(reason: string): void;
  signal?: AbortSignal | undefined;
}

const firstDelayMs = 100;
const longestDelayMs = 2_000;
const stableMs = 10_000;

/** Starts a process and, whenever it ends by itself, starts it again with growing delays. A first start that fails throws. */
export async function supervise<R extends Running>({
  start,
  onUp,
  onDown,
  signal,
}: Supervision<R>): Promise<Supervised<R>> {
  const stopping = new AbortController();
  const first = await start(signal ?? stopping.signal);
  if (signal?.aborted) {
    await first.stop();
    signal.throwIfAborted();
  }
  onUp(first);
  const kept = keep(first);
  return {
    first,
    stop: () => {
      stopping.abort();
      return kept;
    },
  };

  async function keep(running: R): Promise<void> {
    const stopped = once(stopping.signal, 'abort');
    let failures = 0;
    for (let current: R | undefined = running; current !== undefined; ) {
      const since = performance.now();
      await Promise.race([current.exited, stopped]);
      if (stopping.signal.aborted) {
        return current.stop();
      }
      onDown('it ended and is being started again.');
      failures = performance.now() - since < stableMs ? failures + 1 : 0;
      current = await startAgain(failures);
    }
  }

  /** Tries until it succeeds, or, with nothing to show, until it is told to stop. */
  async function startAgain(failures: number): Promise<R | undefined> {
    for (let attempt = failures; !stopping.signal.aborted; attempt += 1) {
      try {
        const delay = Math.min(longestDelayMs, firstDelayMs * 2 ** attempt);
        await sleep(delay, undefined, { signal: stopping.signal });
        const running = await start(stopping.signal, first);
        onUp(running);
        return running;
      } catch (error) {
        if (!stopping.signal.aborted) {
          onDown(reasonOf(error));
        }
      }
    }
    return undefined;
  }
}

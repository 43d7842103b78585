import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { backOff } from '../back-off.ts';
import type { FeedItem } from '../eventstore/log.ts';
import { batches } from './batches.ts';
import { restMs } from './rest.ts';

/** Somebody who reads the log from a checkpoint of their own on, for ever. */
export interface Follower {
  readonly name: string;
  /**
   * Gets ready, after any failure again, and says after which position to begin. The signal aborts when
   * what was opened is no longer followed; whoever calls `again` has it opened anew.
   */
  open(again: () => void, signal: AbortSignal): Promise<bigint | null>;
  subscribe(after: bigint | null, signal: AbortSignal): AsyncIterable<FeedItem>;
  /** Handles a batch wholly, or rejects: then everything begins at `open` again. */
  take(items: readonly FeedItem[]): Promise<void>;
  /** A batch may be given to it while it still handles the one before, which it finishes first. */
  readonly takesAhead: boolean;
  /** False: nothing more is wanted from the log while this process lives. */
  wants(): boolean;
  close(): void;
}

export interface FollowOptions {
  readonly log: Logger;
  readonly signal: AbortSignal;
  /** Called with the reason of a failure, and with null once it is over. */
  readonly onState: (failure: string | null) => void;
}

const mostItems = 1_000;
/** Follows the log until the signal aborts; failures are retried with growing delays, never given up. */
export async function follow(follower: Follower, options: FollowOptions): Promise<void> {
  const { log, signal, onState } = options;
  let failures = 0;
  const progressed = () => {
    if (failures > 0) log.info(`${follower.name} goes on`);
    failures = 0;
    onState(null);
  };
  while (!signal.aborted) {
    try {
      await readOn(follower, signal, progressed);
      // It was told to open again, which is no failure.
      failures = 0;
    } catch (error) {
      if (signal.aborted) break;
      const reason = error instanceof Error ? error.message : String(error);
      if (failures === 0) log.warn({ err: error }, `${follower.name} is interrupted`);
      onState(reason);
      failures += 1;
    }
    await backOff(failures, { firstMs: 100, mostMs: 2_000, signal }).catch(() => {});
  }
  follower.close();
}

async function readOn(
  follower: Follower,
  signal: AbortSignal,
  progressed: () => void,
): Promise<void> {
  const round = new AbortController();
  const either = AbortSignal.any([signal, round.signal]);
  let taken: Promise<void> = Promise.resolve();
  try {
    const after = await follower.open(() => round.abort(), either);
    const open = (own: AbortSignal) => follower.subscribe(after, own);
    if (follower.wants()) {
      for await (const batch of batches(open, { most: mostItems, signal: either })) {
        const taking = follower.take(batch).then(progressed);
        // It is heard of below, and no more is read.
        taking.catch(() => round.abort());
        await taken;
        taken = taking;
        const isBehind = batch.length === mostItems;
        if (!isBehind || !follower.takesAhead) await taken;
        if (!follower.wants()) break;
        if (!isBehind) await rest(batch.length, either);
      }
    }
    await taken;
    if (!follower.wants()) await aborted(either);
  } finally {
    round.abort();
    await taken.catch(() => {});
  }
}

/** Whoever has much to catch up with doesn't rest at all. */
async function rest(items: number, signal: AbortSignal): Promise<void> {
  await sleep(restMs(items), undefined, { signal }).catch(() => {});
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });

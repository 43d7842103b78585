import type { Logger } from 'pino';
import { backOff } from '../back-off.ts';
import type { FeedItem, Log } from '../eventstore/log.ts';
import type { Watchdog } from '../eventstore/watchdog.ts';
import { watchdog } from '../eventstore/watchdog.ts';
import { reasonOf } from '../reason-of.ts';
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
  /** The last event that it has taken. */
  position(): bigint | null;
  /** False: nothing more is wanted from the log while this process lives. */
  wants(): boolean;
  close(): void;
}

export interface FollowOptions {
  readonly head: Log['head'];
  readonly log: Logger;
  readonly signal: AbortSignal;
  /** Called with the reason of a failure, and with null once it is over. */
  readonly onState: (failure: string | null) => void;
  /** So long it may stand still while the log goes on; then its subscription is opened again. */
  readonly silentMs?: number | undefined;
}

export interface Following extends Watchdog {
  /** Settled when the signal has aborted and all is closed. */
  readonly done: Promise<void>;
}

const mostItems = 1_000;
const usualSilentMs = 30_000;

/** Follows the log until the signal aborts; failures are retried with growing delays, never given up. */
export function follow(follower: Follower, options: FollowOptions): Following {
  const { head, log, signal, onState, silentMs = usualSilentMs } = options;
  let failures = 0;
  let isStalled = false;
  let round = new AbortController();
  /** Since when this round may have heard something; undefined: it gets ready. */
  let openSince: number | undefined;
  const opened = () => {
    openSince = performance.now();
  };

  const progressed = () => {
    if (failures > 0 || isStalled) log.info(`${follower.name} goes on`);
    failures = 0;
    isStalled = false;
    onState(null);
  };

  function failed(err: unknown): void {
    if (failures === 0) log.warn({ err }, `${follower.name} is interrupted`);
    onState(reasonOf(err));
    failures += 1;
  }

  function stalled(): void {
    // What waits for another release stands still on purpose.
    if (!follower.wants()) return;
    if (openSince === undefined || performance.now() - openSince < silentMs) return;
    // What fails has said why.
    if (failures === 0) {
      const reason = `Nothing came for ${silentMs / 1_000} s, though the log has gone on.`;
      const position = String(follower.position());
      if (!isStalled) log.warn({ position }, `${follower.name}: ${reason}`);
      isStalled = true;
      onState(reason);
    }
    round.abort();
  }

  async function run(): Promise<void> {
    while (!signal.aborted) {
      round = new AbortController();
      openSince = undefined;
      try {
        await readOn(follower, { signal, round, opened, progressed });
        // It was told to open again, which is no failure.
        failures = 0;
      } catch (error) {
        if (signal.aborted) break;
        failed(error);
      }
      await backOff(failures, { firstMs: 100, mostMs: 2_000, signal }).catch(() => {});
    }
    follower.close();
  }

  const { position, subscribe } = follower;
  const { lagSeconds } = watchdog({ head, subscribe, position, stalled, signal, silentMs });
  return { done: run(), lagSeconds };
}

interface Round {
  readonly signal: AbortSignal;
  /** Aborts what was opened alone. */
  readonly round: AbortController;
  /** Called once everything is ready to hear of something. */
  readonly opened: () => void;
  readonly progressed: () => void;
}

async function readOn(
  follower: Follower,
  { signal, round, opened, progressed }: Round,
): Promise<void> {
  const either = AbortSignal.any([signal, round.signal]);
  let taken: Promise<void> = Promise.resolve();
  try {
    const after = await follower.open(() => round.abort(), either);
    opened();
    const open = (own: AbortSignal) => follower.subscribe(after, own);
    if (follower.wants()) {
      const batching = { most: mostItems, signal: either, restMs };
      for await (const batch of batches(open, batching)) {
        const taking = follower.take(batch).then(progressed);
        // It is heard of below, and no more is read.
        taking.catch(() => round.abort());
        await taken;
        taken = taking;
        if (!follower.takesAhead) await taken;
        if (!follower.wants()) break;
      }
    }
    await taken;
    if (!follower.wants()) await aborted(either);
  } finally {
    round.abort();
    await taken.catch(() => {});
  }
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });

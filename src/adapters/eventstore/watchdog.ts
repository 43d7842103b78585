import { setTimeout as sleep } from 'node:timers/promises';
import type { FeedItem, Log } from './log.ts';

export interface WatchdogParts {
  readonly head: Log['head'];
  /** What the reader follows, on a subscription of its own. */
  readonly subscribe: (after: bigint | null, signal: AbortSignal) => AsyncIterable<FeedItem>;
  /** The last event that the reader has taken. */
  readonly position: () => bigint | null;
  /** Called whenever the reader has stood still for so long again while the log has something for it. */
  readonly stalled: () => void;
  readonly signal: AbortSignal;
  readonly silentMs: number;
}

export interface Watchdog {
  /** Since the reader was last known to have all there is for it; 0: it has. */
  lagSeconds(): number;
}

/**
 * Compares where a reader of the log stands with the log's end: a subscription that has gone silent
 * looks like a log in which nothing happens.
 */
export function watchdog(parts: WatchdogParts): Watchdog {
  const { head, subscribe, position, stalled, signal, silentMs } = parts;
  let standsAt = position();
  let stillSince = performance.now();
  let behindSince: number | undefined;
  /** Between the reader's position and here is nothing for it. */
  let emptyUpTo: bigint | null = null;

  async function look(): Promise<void> {
    const end = await head();
    const now = performance.now();
    const at = position();
    const after = later(at, emptyUpTo);
    if (at !== standsAt) stillSince = now;
    standsAt = at;
    if (isAfter(end, after) && (await isMissing(after))) {
      behindSince ??= now;
    } else {
      emptyUpTo = end;
      behindSince = undefined;
      stillSince = now;
    }
    if (now - stillSince < silentMs) return;
    stillSince = now;
    stalled();
  }

  /** A second look that hears nothing either proves nothing. */
  async function isMissing(after: bigint | null): Promise<boolean> {
    const inTime = AbortSignal.any([signal, AbortSignal.timeout(silentMs)]);
    for await (const { kind } of subscribe(after, inTime)) return kind === 'event';
    return true;
  }

  async function watch(): Promise<void> {
    while (!signal.aborted) {
      await sleep(silentMs / 6, undefined, { signal, ref: false }).catch(() => undefined);
      // A log that doesn't answer has its own alarm.
      if (!signal.aborted) await look().catch(() => undefined);
    }
  }
  void watch();

  return {
    lagSeconds: () => (behindSince === undefined ? 0 : (performance.now() - behindSince) / 1_000),
  };
}

const later = (one: bigint | null, other: bigint | null): bigint | null =>
  isAfter(one, other) ? one : other;

const isAfter = (one: bigint | null, other: bigint | null): boolean =>
  (one ?? -1n) > (other ?? -1n);

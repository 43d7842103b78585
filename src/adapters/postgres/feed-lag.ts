import type { Log } from '../eventstore/log.ts';

const everyMs = 1_000;

export interface FeedLag {
  /** Seconds since the log's end was first seen ahead of the read models; 0: they hold it. */
  seconds(): number;
  close(): void;
}

/** Watches how far the read models are behind the end of the log, in time. */
export function feedLag(parts: {
  readonly head: Log['head'];
  /** Undefined for whoever has nothing to feed, and therefore no lag. */
  readonly position: () => bigint | null | undefined;
  /** Milliseconds on a clock that never goes back. */
  readonly now?: () => number;
}): FeedLag {
  const { head, position, now = () => performance.now() } = parts;
  let behind: { readonly of: bigint; readonly since: number } | undefined;

  const holds = (end: bigint): boolean => {
    const at = position();
    return at === undefined || (at ?? -1n) >= end;
  };
  const caughtUp = () => behind === undefined || holds(behind.of);
  async function look(): Promise<void> {
    const end = await head();
    if (caughtUp()) behind = undefined;
    // What it must reach stays the same until it is reached, so that lag grows while it stands still.
    if (!behind && end !== null && !holds(end)) behind = { of: end, since: now() };
  }
  // A log that doesn't answer has its own alarm.
  const timer = setInterval(() => void look().catch(() => undefined), everyMs);
  timer.unref();

  return {
    seconds: () => (behind && !caughtUp() ? (now() - behind.since) / 1_000 : 0),
    close: () => clearInterval(timer),
  };
}

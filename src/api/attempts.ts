import { ApiError } from './errors.ts';

const mostKept = 100_000;

/** Counts attempts by some key within a window; throws `too_many_attempts` past the limit. */
export interface Attempts {
  /** Counts one before it is made, so that many at once can't slip through. */
  take(key: string): void;
  /** Uncounts one that turned out to be no guess. */
  giveBack(key: string): void;
}

interface Window {
  count: number;
  readonly endsAt: number;
}

/** In memory and per process: what it forgets at a restart is a few guesses. */
export function attempts({
  limit,
  windowMs,
  clock,
}: {
  readonly limit: number;
  readonly windowMs: number;
  readonly clock: () => Date;
}): Attempts {
  const windows = new Map<string, Window>();

  const current = (key: string, now: number): Window => {
    const found = windows.get(key);
    if (found && found.endsAt > now) return found;
    const fresh = { count: 0, endsAt: now + windowMs };
    // Deleted first, so that the map stays in the order in which windows end.
    windows.delete(key);
    windows.set(key, fresh);
    return fresh;
  };

  return {
    take(key) {
      const now = clock().getTime();
      forget(windows, now);
      const window = current(key, now);
      if (window.count >= limit) {
        const retryAfterSeconds = Math.max(1, Math.ceil((window.endsAt - now) / 1000));
        throw new ApiError('too_many_attempts', { retryAfterSeconds });
      }
      window.count += 1;
    },
    giveBack(key) {
      const window = windows.get(key);
      if (window && window.count > 0) window.count -= 1;
    },
  };
}

function forget(windows: Map<string, Window>, now: number): void {
  for (const [key, { endsAt }] of windows) {
    if (endsAt > now && windows.size < mostKept) return;
    windows.delete(key);
  }
}

import { setTimeout as sleep } from 'node:timers/promises';

/** Waits longer after every failure, never as long as somebody else; rejects when the signal aborts. */
export async function backOff(
  attempt: number,
  { firstMs, mostMs, signal }: { firstMs: number; mostMs: number; signal?: AbortSignal },
): Promise<void> {
  const longestMs = Math.min(mostMs, firstMs * 2 ** Math.min(attempt, 20));
  await sleep(longestMs * (0.3 + 0.7 * Math.random()), undefined, signal ? { signal } : undefined);
}

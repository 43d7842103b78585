import { setTimeout as sleep } from 'node:timers/promises';
import type { Projector } from './project.ts';

const everyMs = 1_000;

/** Has a feed begin again once builds or skips are others than when it opened its projector. */
export function lookForChanges(
  projector: Pick<Projector, 'changed'>,
  again: () => void,
  signal: AbortSignal,
): void {
  void look().catch(() => undefined);

  async function look(): Promise<void> {
    while (!signal.aborted) {
      await sleep(everyMs, undefined, { signal, ref: false });
      // A connection that is away is the feed's own trouble.
      const changed = await projector.changed().catch(() => false);
      if (changed && !signal.aborted) return again();
    }
  }
}

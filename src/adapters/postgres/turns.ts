import { setImmediate as turn } from 'node:timers/promises';

/** So long others may wait for the thread. */
const mostMs = 2;

/** For long computations: lets others have the thread whenever this one has had it for a while. */
export function inTurns(): () => Promise<void> {
  let since = performance.now();
  return async () => {
    if (performance.now() - since < mostMs) return;
    await turn();
    since = performance.now();
  };
}

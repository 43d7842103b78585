import { setImmediate as turn } from 'node:timers/promises';

/** So long others may wait for the thread. */
const mostMs = 2;

/** For a long computation: when others are to have the thread, and how it lets them. */
export function inTurns() {
  let since = performance.now();
  return {
    isDue: (): boolean => performance.now() - since >= mostMs,
    async next(): Promise<void> {
      await turn();
      since = performance.now();
    },
  };
}

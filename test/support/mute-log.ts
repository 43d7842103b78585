import { once } from 'node:events';
import type { FeedStart, Log } from '../../src/adapters/eventstore/log.ts';

/** A log that says nothing on any subscription, not even that it ended, until it may speak. */
export function mute({ subscribe }: Pick<Log, 'subscribe'>) {
  let opened = 0;
  let isMute = true;
  return {
    /** How many subscriptions there were. */
    opened: () => opened,
    speak: () => {
      isMute = false;
    },
    async *subscribe(start: FeedStart) {
      opened += 1;
      if (!isMute) yield* subscribe(start);
      else if (!start.signal.aborted) await once(start.signal, 'abort');
    },
  };
}

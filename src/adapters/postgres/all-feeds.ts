import { earliest } from './checkpoints.ts';
import type { Feed } from './direct-feed.ts';

/** Several feeds as one: as far as the last of them that has anything to feed. */
export function allFeeds(feeds: readonly Feed[]): Feed {
  const position = () => {
    const reached = feeds.map((feed) => feed.position()).filter((each) => each !== undefined);
    return reached.length === 0 ? undefined : earliest(reached);
  };
  return {
    state() {
      const states = feeds.map((feed) => feed.state());
      return {
        caughtUp: states.every(({ caughtUp }) => caughtUp),
        failing: states.find(({ failing }) => failing !== null)?.failing ?? null,
        position: position(),
        stopped: states.flatMap(({ stopped }) => stopped),
      };
    },
    position,
    async close() {
      await Promise.all(feeds.map((feed) => feed.close()));
    },
  };
}

import type { Frame } from './event-frame.ts';
import { checkpointFrame } from './event-frame.ts';
import type { Page } from './log-pages.ts';

/** Tells a filtered subscriber how far the log was searched: everything that matches up to there was sent before. */
export interface Checkpoints {
  /** Puts the checkpoints that are due between the events of a page. */
  between(page: Page, frames: readonly Frame[]): readonly Frame[];
  /** The checkpoint for what was seen since the last one, if anything. */
  rest(seen: number): readonly Frame[];
}

/** At least every `interval` positions, but no two with nothing between them in one page. */
export function checkpoints(start: number, interval: number): Checkpoints {
  let last = start - 1;

  const due = (upTo: number): readonly Frame[] => {
    const position = last + Math.floor((upTo - last) / interval) * interval;
    return tell(position);
  };

  const tell = (position: number): readonly Frame[] => {
    if (position <= last) return [];
    last = position;
    return [checkpointFrame(position)];
  };

  return {
    between({ events, seen }, frames) {
      const all: Frame[] = [];
      for (const [index, event] of events.entries()) {
        const frame = frames[index];
        all.push(...due(event.position - 1), ...(frame === undefined ? [] : [frame]));
      }
      all.push(...due(seen));
      return all;
    },
    rest: tell,
  };
}

/** Without a filter every event says where it stands. */
export const noCheckpoints: Checkpoints = {
  between: (_page, frames) => frames,
  rest: () => [],
};

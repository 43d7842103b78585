import { checkpoints, noCheckpoints } from './checkpoints.ts';
import type { EventLog } from './event-log.ts';
import type { Page } from './log-pages.ts';
import { pagesOfAll } from './log-pages.ts';
import { framesOf } from './read-frames.ts';
import type { ReadPlan } from './read-plan.ts';
import type { Followed } from './subscription.ts';

/** Every event after a position, or those that pass a filter. */
export function followAll(log: EventLog, plan: ReadPlan): Followed {
  const { from, filter } = plan;
  const start = from === 'start' ? 0 : from === 'end' ? log.recent.last() + 1 : from + 1;
  const marks =
    filter === undefined ? noCheckpoints : checkpoints(start, filter.checkpointInterval);
  const send = async (page: Page) => marks.between(page, await framesOf(log, plan, page.events));
  return {
    start,
    async *fromTable(low, high) {
      const range = { from: low, to: high, backwards: false, filter };
      for await (const page of pagesOfAll(log, range)) yield await send(page);
    },
    fromMemory: (held) =>
      send({
        events: filter === undefined ? held : held.filter(filter.matches),
        seen: held.at(-1)?.position ?? start,
      }),
    atEnd: marks.rest,
  };
}

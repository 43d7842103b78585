import type { Frame } from './event-frame.ts';
import type { EventLog } from './event-log.ts';
import type { Page } from './log-pages.ts';
import { pagesOfStream } from './log-pages.ts';
import { framesOf } from './read-frames.ts';
import type { ReadPlan } from './read-plan.ts';
import type { RecordedEvent } from './recorded-event.ts';
import { deletedRevision } from './recorded-event.ts';
import { streamDeleted } from './service-error.ts';
import type { Followed } from './subscription.ts';
import { visibleRange } from './visible-range.ts';

/** Every event of a stream after a revision; the stream need not exist yet. */
export async function followStream(
  log: EventLog,
  plan: ReadPlan,
  stream: string,
): Promise<Followed> {
  let after = await startOf(log, plan, stream);

  // What the table gave may come again from memory: revisions tell.
  const send = async (events: readonly RecordedEvent[]): Promise<readonly Frame[]> => {
    after = Number(events.at(-1)?.revision ?? after);
    return await framesOf(log, plan, events);
  };

  return {
    start: -1,
    async *fromTable() {
      for await (const { events } of pagesAfter(log, stream, after)) yield await send(events);
    },
    fromMemory(held) {
      const events = held.filter(
        (event) => event.stream === stream && Number(event.revision) > after,
      );
      if (events.some(({ revision }) => revision === deletedRevision)) throw streamDeleted(stream);
      return send(events);
    },
    atEnd: () => [],
  };
}

async function startOf(log: EventLog, { from }: ReadPlan, stream: string): Promise<number> {
  if (from === 'start') return -1;
  if (from !== 'end') return from;
  const visible = visibleRange(await log.writer.stateOf(stream), stream, log.clock());
  return visible.type === 'deleted' ? -1 : visible.last;
}

async function* pagesAfter(log: EventLog, stream: string, after: number): AsyncGenerator<Page> {
  const visible = visibleRange(await log.writer.stateOf(stream), stream, log.clock());
  if (visible.type === 'deleted') throw streamDeleted(stream);
  if (visible.type === 'not_found') return;
  const { first, last, createdAfter } = visible;
  const from = Math.max(after + 1, first);
  yield* pagesOfStream(log, { stream, from, to: last, backwards: false, createdAfter });
}

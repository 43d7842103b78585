import type { Frame } from './event-frame.ts';
import { eventFrame, streamNotFoundFrame } from './event-frame.ts';
import type { EventLog } from './event-log.ts';
import type { Page } from './log-pages.ts';
import { pagesOfAll, pagesOfStream } from './log-pages.ts';
import type { ReadPlan } from './read-plan.ts';
import type { RecordedEvent } from './recorded-event.ts';
import { resolveLinks, unresolved } from './resolve-links.ts';
import { streamDeleted } from './service-error.ts';
import { anyAge, visibleRange } from './visible-range.ts';

/** The answer of a read that ends: up to `count` events of what the log held when it was asked. */
export async function* readFrames(
  log: EventLog,
  plan: ReadPlan,
  count: number,
): AsyncGenerator<readonly Frame[]> {
  const pages =
    plan.stream === undefined
      ? allPages(log, plan)
      : await streamPages(log, plan, { stream: plan.stream, count });
  if (pages === undefined) {
    yield [streamNotFoundFrame(plan.stream ?? '')];
    return;
  }
  let left = count;
  if (left <= 0) return;
  for await (const { events } of pages) {
    yield await framesOf(log, plan, events.length > left ? events.slice(0, left) : events);
    left -= events.length;
    if (left <= 0) return;
  }
}

export async function framesOf(
  log: Pick<EventLog, 'reader' | 'writer' | 'clock'>,
  plan: Pick<ReadPlan, 'resolveLinks' | 'structuredIds'>,
  events: readonly RecordedEvent[],
): Promise<Frame[]> {
  const resolved = plan.resolveLinks ? await resolveLinks(log, events) : events.map(unresolved);
  return resolved.map((event) => eventFrame(event, plan.structuredIds));
}

/** A position is where an event begins: reading forwards includes it, backwards ends before it. */
function allPages(log: EventLog, { from, backwards, filter }: ReadPlan): AsyncGenerator<Page> {
  const last = log.recent.last();
  const edge = from === 'start' ? 0 : from === 'end' ? last + 1 : Math.min(from, last + 1);
  return backwards
    ? pagesOfAll(log, { from: edge - 1, to: 0, backwards, filter })
    : pagesOfAll(log, { from: edge, to: last, backwards, filter });
}

async function streamPages(
  log: EventLog,
  { from, backwards }: ReadPlan,
  { stream, count }: { readonly stream: string; readonly count: number },
): Promise<AsyncGenerator<Page> | undefined> {
  const visible = visibleRange(await log.writer.stateOf(stream), stream, log.clock());
  if (visible.type === 'deleted') throw streamDeleted(stream);
  if (visible.type === 'not_found') return undefined;
  const { first, last, createdAfter } = visible;
  const after = backwards ? last : last + 1;
  const edge = from === 'start' ? 0 : from === 'end' ? after : from;
  // Nothing is read ahead that isn't asked for; of what has expired nobody knows how much it is.
  const reach = createdAfter === anyAge ? Math.max(count, 1) - 1 : Number.POSITIVE_INFINITY;
  const start = backwards ? Math.min(edge, last) : Math.max(edge, first);
  const end = backwards ? Math.max(first, start - reach) : Math.min(last, start + reach);
  return pagesOfStream(log, { from: start, to: end, backwards, stream, createdAfter });
}

import type { EventFilter } from './event-filter.ts';
import type { EventLog } from './event-log.ts';
import type { RecordedEvent } from './recorded-event.ts';
import { anyAge } from './visible-range.ts';

/** Events in reading order, and the last position or revision that was looked at for them. */
export interface Page {
  readonly events: readonly RecordedEvent[];
  readonly seen: number;
}

/** An inclusive range of positions or revisions, `from` being read first. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

const firstPage = 64;
const maxPage = 1024;
const pageBytes = 2 * 1024 * 1024;

/** All positions of a range, forwards or backwards. */
export function pagesOfAll(
  { reader, recent }: Pick<EventLog, 'reader' | 'recent'>,
  range: Range & { backwards: boolean; filter: EventFilter | undefined },
): AsyncGenerator<Page> {
  const { filter } = range;
  return pages(range, async (low, high) => {
    const held = recent.from(low, high - low + 1);
    const events = held ?? (await reader.all({ from: low, to: high, ...prefixesOf(filter) }));
    return filter === undefined ? events : events.filter(filter.matches);
  });
}

/** All revisions of a range of one stream, less what is too old. */
export function pagesOfStream(
  { reader, recent }: Pick<EventLog, 'reader' | 'recent'>,
  range: Range & { backwards: boolean; stream: string; createdAfter: string },
): AsyncGenerator<Page> {
  const { stream, createdAfter } = range;
  return pages(range, async (low, high) => {
    const held = createdAfter === anyAge ? recent.ofStream(stream, low, high) : undefined;
    return held ?? (await reader.stream({ stream, from: low, to: high, createdAfter }));
  });
}

/** Reads the next page while the last one is being sent. */
async function* pages(
  { from, to, backwards }: Range & { backwards: boolean },
  read: (low: number, high: number) => Promise<readonly RecordedEvent[]>,
): AsyncGenerator<Page> {
  const step = backwards ? -1 : 1;
  const isPast = (index: number) => (backwards ? index < to : index > to);

  const start = (index: number, size: number) => {
    const end = index + step * (size - 1);
    const seen = isPast(end) ? to : end;
    const events = backwards ? read(seen, index) : read(index, seen);
    // Whoever stops reading early never looks at the page that was read ahead.
    events.catch(() => undefined);
    return { events, seen, size };
  };

  let ahead = isPast(from) ? undefined : start(from, firstPage);
  while (ahead !== undefined) {
    const { seen, size } = ahead;
    const events = await ahead.events;
    const next = seen + step;
    ahead = isPast(next) ? undefined : start(next, nextSize(size, events));
    yield { events: backwards ? events.toReversed() : events, seen };
  }
}

function nextSize(size: number, events: readonly RecordedEvent[]): number {
  let bytes = 1;
  for (const { data, metadata } of events) bytes += data.length + metadata.length;
  const fitting = Math.floor((size * pageBytes) / bytes);
  return Math.max(1, Math.min(fitting, size * 4, maxPage));
}

const prefixesOf = (filter: EventFilter | undefined) =>
  filter?.streamPrefixes === undefined ? {} : { prefixes: filter.streamPrefixes };

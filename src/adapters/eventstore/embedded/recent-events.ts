import type { RecordedEvent } from './recorded-event.ts';

const maxEvents = 8192;
const maxBytes = 16 * 1024 * 1024;

/** The newest committed events in memory: live subscribers read here, each at its own pace, and fall back to the table. */
export interface RecentEvents {
  /** The last committed position. */
  last(): number;
  /** Up to `limit` events from a position on; undefined when it is no longer held. */
  from(position: number, limit: number): readonly RecordedEvent[] | undefined;
  /** Some revisions of a stream, the oldest first; undefined unless all of them are held. */
  ofStream(stream: string, first: number, last: number): readonly RecordedEvent[] | undefined;
  push(events: readonly RecordedEvent[]): void;
  /** Resolves after the next push, or at once when the signal is aborted. */
  changed(signal: AbortSignal): Promise<void>;
}

export function recentEvents(lastPosition: number): RecentEvents {
  let events: RecordedEvent[] = [];
  let start = 0;
  let first = lastPosition + 1;
  let bytes = 0;
  let last = lastPosition;
  const waiting = new Set<() => void>();

  const trim = () => {
    while (events.length - start > maxEvents || (bytes > maxBytes && events.length - start > 1)) {
      bytes -= weight(events[start]);
      start += 1;
      first += 1;
    }
    if (start > maxEvents) {
      events = events.slice(start);
      start = 0;
    }
  };

  return {
    last: () => last,
    from(position, limit) {
      if (position < first) return undefined;
      const offset = start + position - first;
      return events.slice(offset, offset + limit);
    },
    ofStream(stream, lowest, highest) {
      const found: RecordedEvent[] = [];
      // Whoever reads a stream that is written to wants its end, which is close to the log's.
      for (let at = events.length - 1; at >= start && found.length <= highest - lowest; at -= 1) {
        const event = events[at];
        if (event?.stream !== stream || Number(event.revision) > highest) continue;
        if (Number(event.revision) < lowest) return undefined;
        found.push(event);
      }
      return found.length > highest - lowest ? found.reverse() : undefined;
    },
    push(added) {
      for (const event of added) {
        events.push(event);
        bytes += weight(event);
      }
      last += added.length;
      trim();
      for (const wake of [...waiting]) wake();
    },
    changed(signal) {
      return new Promise((resolve) => {
        const wake = () => {
          waiting.delete(wake);
          signal.removeEventListener('abort', wake);
          resolve();
        };
        waiting.add(wake);
        signal.addEventListener('abort', wake);
        if (signal.aborted) wake();
      });
    },
  };
}

const weight = (event: RecordedEvent | undefined): number =>
  event === undefined ? 0 : event.data.length + event.metadata.length + 200;

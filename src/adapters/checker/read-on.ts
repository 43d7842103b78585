import type { StoredEvent } from '../../domain/events.ts';
import type { Log } from '../eventstore/log.ts';

export interface Part {
  /** Exclusive; null: from the first event. */
  readonly after: bigint | null;
  readonly prefixes?: readonly string[];
  readonly signal?: AbortSignal | undefined;
}

/** The events after a position, up to what is the log's end when this is asked. */
export async function* readOn(
  log: Pick<Log, 'head' | 'subscribe'>,
  { after, prefixes, signal }: Part,
): AsyncGenerator<StoredEvent, void, undefined> {
  const end = await log.head();
  if (end === null || (after !== null && end <= after)) return;
  const left = new AbortController();
  const own = signal ? AbortSignal.any([signal, left.signal]) : left.signal;
  try {
    const start = { after, signal: own, ...(prefixes ? { prefixes } : {}) };
    for await (const item of log.subscribe(start)) {
      if (item.kind === 'caught_up' || item.event.position > end) return;
      yield item.event;
    }
  } finally {
    left.abort();
  }
}

import { randomUUID } from 'node:crypto';
import type {
  Appended,
  ExpectedRevision,
  Log,
  NewEvent,
} from '../../src/adapters/eventstore/log.ts';
import { sizeOf } from '../../src/adapters/eventstore/serialised.ts';

interface Recorded {
  readonly stream: string;
  readonly events: readonly NewEvent[];
}

/** A log that remembers the appends it was asked for, while it is told to. */
export function recording<L extends Pick<Log, 'append'>>(log: L) {
  let appends: Recorded[] | undefined;
  return {
    log: {
      ...log,
      append(stream: string, expected: ExpectedRevision, events: readonly NewEvent[]) {
        appends?.push({ stream, events });
        return log.append(stream, expected, events);
      },
    },
    start() {
      appends = [];
    },
    stop() {
      const recorded = appends ?? [];
      appends = undefined;
      return recorded;
    },
  };
}

/**
 * The same appends with nothing around them: as many events in each, as many bytes in each event, one
 * append at a time in each stream. Returns events a second and appends a second.
 */
export async function replay(log: Pick<Log, 'append'>, appends: readonly Recorded[]) {
  const byStream = new Map<string, NewEvent[][]>();
  let events = 0;
  for (const append of appends) {
    const renewed = append.events.map((event) => ({ ...event, id: randomUUID() }));
    // Serialised before the clock starts.
    for (const event of renewed) sizeOf(event);
    byStream.set(append.stream, [...(byStream.get(append.stream) ?? []), renewed]);
    events += renewed.length;
  }
  const started = performance.now();
  await Promise.all([...byStream.values()].map((each) => inOrder(log, each)));
  const seconds = (performance.now() - started) / 1_000;
  return { events: events / seconds, appends: appends.length / seconds };
}

async function inOrder(
  log: Pick<Log, 'append'>,
  appends: readonly (readonly NewEvent[])[],
): Promise<void> {
  const stream = `raw-${randomUUID()}`;
  let expected: ExpectedRevision = 'no_stream';
  for (const events of appends) {
    const written: Appended = await log.append(stream, expected, events);
    if (!written.ok) throw new Error(`Somebody else writes to ${stream}.`);
    expected = written.revision;
  }
}

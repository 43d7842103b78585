import type { ResolvedEvent } from './event-frame.ts';
import type { EventLog } from './event-log.ts';
import type { RecordedEvent } from './recorded-event.ts';
import type { VisibleRange } from './visible-range.ts';
import { shows, visibleRange } from './visible-range.ts';

const linkType = '$>';

interface Target {
  readonly stream: string;
  readonly revision: number;
}

/** Puts the events in place of the links that point at them; a link to nothing, or to what its stream hides, stays alone. */
export async function resolveLinks(
  log: Pick<EventLog, 'reader' | 'writer' | 'clock'>,
  events: readonly RecordedEvent[],
): Promise<ResolvedEvent[]> {
  const targets = events.map(target);
  const found = await visibleTargets(
    log,
    targets.filter((key) => key !== undefined),
  );
  return events.map((event, index) => {
    const key = targets[index];
    return key === undefined
      ? { event, link: undefined }
      : { event: found.get(`${key.revision}@${key.stream}`), link: event };
  });
}

export const unresolved = (event: RecordedEvent): ResolvedEvent => ({ event, link: undefined });

/** The events that readers of their own streams would see now. */
async function visibleTargets(
  { reader, writer, clock }: Pick<EventLog, 'reader' | 'writer' | 'clock'>,
  keys: readonly Target[],
): Promise<ReadonlyMap<string, RecordedEvent>> {
  const found = new Map<string, RecordedEvent>();
  if (keys.length === 0) return found;
  const ranges = new Map<string, VisibleRange>();
  const look = async (stream: string) =>
    ranges.set(stream, visibleRange(await writer.stateOf(stream), stream, clock()));
  await Promise.all([...new Set(keys.map(({ stream }) => stream))].map(look));
  for (const event of await reader.at(keys)) {
    const range = ranges.get(event.stream);
    if (range !== undefined && shows(range, event)) {
      found.set(`${event.revision}@${event.stream}`, event);
    }
  }
  return found;
}

/** A link's data is `revision@stream`. */
function target(event: RecordedEvent): Target | undefined {
  if (event.type !== linkType) return undefined;
  const [, revision, stream] = /^(\d{1,15})@(.+)$/su.exec(Buffer.from(event.data).toString()) ?? [];
  return stream === undefined ? undefined : { stream, revision: Number(revision) };
}

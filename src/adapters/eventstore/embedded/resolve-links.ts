import type { ResolvedEvent } from './event-frame.ts';
import type { LogReader } from './log-reader.ts';
import type { RecordedEvent } from './recorded-event.ts';

const linkType = '$>';

/** Puts the events in place of the links that point at them; a link to nothing stays alone. */
export async function resolveLinks(
  reader: Pick<LogReader, 'at'>,
  events: readonly RecordedEvent[],
): Promise<ResolvedEvent[]> {
  const targets = events.map(target);
  const keys = targets.filter((key) => key !== undefined);
  const found = new Map<string, RecordedEvent>();
  if (keys.length > 0) {
    for (const event of await reader.at(keys))
      found.set(`${event.revision}@${event.stream}`, event);
  }
  return events.map((event, index) => {
    const key = targets[index];
    return key === undefined
      ? { event, link: undefined }
      : { event: found.get(`${key.revision}@${key.stream}`), link: event };
  });
}

export const unresolved = (event: RecordedEvent): ResolvedEvent => ({ event, link: undefined });

/** A link's data is `revision@stream`. */
function target(event: RecordedEvent): { stream: string; revision: number } | undefined {
  if (event.type !== linkType) return undefined;
  const [, revision, stream] = /^(\d{1,15})@(.+)$/su.exec(Buffer.from(event.data).toString()) ?? [];
  return stream === undefined ? undefined : { stream, revision: Number(revision) };
}

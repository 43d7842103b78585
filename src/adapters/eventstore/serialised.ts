import type { NewEvent } from './log.ts';

/** What goes over the wire for one event. */
export interface Serialised {
  readonly data: Buffer;
  readonly metadata: Buffer;
}

/** On the event itself: a weak map of all that is being written would be the collector's dearest. */
const bytes = Symbol('bytes');

interface Known extends NewEvent {
  [bytes]?: Serialised;
}

/** An event's bytes, made once: whoever measures them, sends them or sends them again gets the same. */
export function serialised(event: Known): Serialised {
  event[bytes] ??= {
    data: Buffer.from(JSON.stringify(event.data)),
    metadata: Buffer.from(JSON.stringify(event.metadata)),
  };
  return event[bytes];
}

/** Per event: its id, type and the framing around them, generously. */
const overheadBytes = 128;

export function sizeOf(event: NewEvent): number {
  const { data, metadata } = serialised(event);
  return data.length + metadata.length + event.type.length + overheadBytes;
}

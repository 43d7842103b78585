import type { NewEvent } from './log.ts';

/** What goes over the wire for one event. */
export interface Serialised {
  readonly data: Buffer;
  readonly metadata: Buffer;
}

const known = new WeakMap<NewEvent, Serialised>();

/** An event's bytes, made once: whoever measures them, sends them or sends them again gets the same. */
export function serialised(event: NewEvent): Serialised {
  const before = known.get(event);
  if (before) return before;
  const made = {
    data: Buffer.from(JSON.stringify(event.data)),
    metadata: Buffer.from(JSON.stringify(event.metadata)),
  };
  known.set(event, made);
  return made;
}

/** Per event: its id, type and the framing around them, generously. */
const overheadBytes = 128;

export function sizeOf(event: NewEvent): number {
  const { data, metadata } = serialised(event);
  return data.length + metadata.length + event.type.length + overheadBytes;
}

import { isUtf8 } from 'node:buffer';
import type { RecordedEvent } from '../adapters/eventstore/embedded/recorded-event.ts';
import type { WrittenEvent } from './format.ts';

/** An event as a line holds it; `stored` gives back the same, byte for byte. */
export const written = (event: RecordedEvent): WrittenEvent => [
  event.position,
  event.stream,
  event.revision,
  event.id,
  event.type,
  event.created,
  event.isJson,
  textOf(event.data),
  textOf(event.metadata),
];

export const stored = ([
  position,
  stream,
  revision,
  id,
  type,
  created,
  isJson,
  data,
  metadata,
]: WrittenEvent): RecordedEvent => ({
  ...{ position, stream, revision, id, type, created, isJson },
  data: bytesOf(data),
  metadata: bytesOf(metadata),
});

const textOf = (bytes: Uint8Array): WrittenEvent[7] =>
  isUtf8(bytes) ? Buffer.from(bytes).toString('utf8') : [Buffer.from(bytes).toString('base64')];

const bytesOf = (text: WrittenEvent[7]): Buffer =>
  typeof text === 'string' ? Buffer.from(text, 'utf8') : Buffer.from(text[0], 'base64');

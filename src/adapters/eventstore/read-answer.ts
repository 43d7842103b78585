import shared from '@eventstore/db-client/generated/shared_pb.js';
import type { StoredEvent } from '../../domain/events.ts';
import { MessageReader } from './message-reader.ts';
import { uuidText } from './uuid.ts';

/** What a log says in one message of a read; other kinds than these mean nothing to a reader. */
export type ReadAnswer =
  | { readonly kind: 'event'; readonly event: StoredEvent | undefined }
  | { readonly kind: 'not_found' }
  | { readonly kind: 'checkpoint' }
  | { readonly kind: 'caught_up' }
  | { readonly kind: 'other' };

const other: ReadAnswer = { kind: 'other' };

/**
 * A message of the protocol's `Read`, straight to our words: the generated classes and the client's
 * conversion of them cost several times as much. Field numbers are those of streams.proto.
 */
export function readAnswer(bytes: Buffer): ReadAnswer {
  const reader = new MessageReader(bytes);
  let answer = other;
  for (let field = reader.field(); field !== 0; field = reader.field()) {
    if (field === 1) answer = { kind: 'event', event: resolvedEvent(reader.message()) };
    else {
      reader.skip();
      answer = signs.get(field) ?? answer;
    }
  }
  return answer;
}

/** What is no event, by field. */
const signs: ReadonlyMap<number, ReadAnswer> = new Map([
  [3, { kind: 'checkpoint' }],
  [4, { kind: 'not_found' }],
  [8, { kind: 'caught_up' }],
]);

/** Undefined for a link whose event is gone. */
function resolvedEvent(reader: MessageReader): StoredEvent | undefined {
  let event: StoredEvent | undefined;
  for (let field = reader.field(); field !== 0; field = reader.field()) {
    if (field === 1) event = recordedEvent(reader.message());
    else reader.skip();
  }
  return event;
}

function recordedEvent(reader: MessageReader): StoredEvent {
  let id = '';
  let stream = '';
  let revision = 0n;
  let position = 0n;
  let info = noInfo;
  let metadata: Buffer = noBytes;
  let data: Buffer = noBytes;
  for (let field = reader.field(); field !== 0; field = reader.field()) {
    switch (field) {
      case 1:
        id = uuid(reader.bytes());
        break;
      case 2:
        stream = streamName(reader.message());
        break;
      case 3:
        revision = reader.bigint();
        break;
      case 5:
        position = reader.bigint();
        break;
      case 6:
        info = withEntry(info, reader.message());
        break;
      case 7:
        metadata = reader.bytes();
        break;
      case 8:
        data = reader.bytes();
        break;
      default:
        reader.skip();
    }
  }
  return {
    id,
    stream,
    revision,
    position,
    type: info.type,
    data: info.isJson ? parsed(data, asText) : data,
    metadata: metadata.length === 0 ? undefined : parsed(metadata, asBytes),
  };
}

interface Info {
  readonly type: string;
  readonly isJson: boolean;
}
const noInfo: Info = { type: '', isJson: false };
const noBytes = Buffer.alloc(0);

/** Entries of the map that the protocol puts an event's type into. */
function withEntry(info: Info, reader: MessageReader): Info {
  let key = '';
  for (let field = reader.field(); field !== 0; field = reader.field()) {
    if (field === 1) key = reader.text();
    else if (key === 'type') return { ...info, type: reader.text() };
    else if (key === 'content-type') return { ...info, isJson: reader.text() === json };
    else reader.skip();
  }
  return info;
}
const json = 'application/json';

function streamName(reader: MessageReader): string {
  let name = '';
  for (let field = reader.field(); field !== 0; field = reader.field()) {
    if (field === 3) name = reader.text();
    else reader.skip();
  }
  return name;
}

/** As text, which is what we ask for, or as two halves. */
function uuid(bytes: Buffer): string {
  const reader = new MessageReader(bytes);
  if (reader.field() === 2) return reader.text().toLowerCase();
  return uuidText(shared.UUID.deserializeBinary(bytes)) ?? '';
}

/** What isn't JSON is handed on as it is: whoever decodes the event refuses it. */
function parsed(bytes: Buffer, otherwise: (bytes: Buffer) => unknown): unknown {
  try {
    return JSON.parse(asText(bytes));
  } catch {
    return otherwise(bytes);
  }
}
const asText = (bytes: Buffer): string => bytes.toString('utf8');
const asBytes = (bytes: Buffer): Buffer => bytes;

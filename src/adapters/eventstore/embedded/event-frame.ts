import shared from '@eventstore/db-client/generated/shared_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import { uuidMessage } from '../uuid.ts';
import { MessageWriter } from './message-writer.ts';
import type { RecordedEvent } from './recorded-event.ts';

const { ReadResp } = streams;

/** An answer of a read, serialised. */
export type Frame = Uint8Array;

/** An event, and the link through which it was found. */
export interface ResolvedEvent {
  readonly event: RecordedEvent | undefined;
  readonly link: RecordedEvent | undefined;
}

/** The frame of an event; subscribers that take the usual form share it. */
export function eventFrame({ event, link }: ResolvedEvent, structuredIds: boolean): Frame {
  if (event === undefined || link !== undefined || structuredIds) {
    return serialised(event, link, structuredIds);
  }
  event.frame ??= isUsual(event) ? usualFrame(event) : serialised(event, undefined, false);
  return event.frame;
}

/** Not a tombstone, whose revision is no number of ours, and not the log's first event, at 0. */
const isUsual = ({ revision, position }: RecordedEvent): boolean =>
  revision.length <= 15 && position > 0;

/** What keys, lengths and numbers take beside the texts and bytes of an event. */
const roomOfTheRest = 200;

/**
 * The same as `serialised` makes of an event alone, which most frames are: objects for all its parts
 * would be half of what a read takes. Written from its end, field numbers as in streams.proto.
 */
function usualFrame({ data, metadata, ...event }: RecordedEvent): Frame {
  const { stream, type, position } = event;
  const [streamLength, typeLength] = [Buffer.byteLength(stream), Buffer.byteLength(type)];
  const writer = new MessageWriter(
    data.length + metadata.length + streamLength + typeLength + roomOfTheRest,
  );
  const answer = writer.mark();
  writer.number(3, position);
  const recordedEvent = writer.mark();
  writer.bytes(8, data);
  writer.bytes(7, metadata);
  entry(writer, 'created', event.created);
  entry(writer, 'content-type', event.isJson ? 'application/json' : 'application/octet-stream');
  entry(writer, 'type', type, typeLength);
  writer.number(5, position);
  writer.number(4, position);
  writer.number(3, Number(event.revision));
  const identified = writer.mark();
  writer.text(3, stream, streamLength);
  writer.close(2, identified);
  const named = writer.mark();
  writer.text(2, event.id, event.id.length);
  writer.close(1, named);
  writer.close(1, recordedEvent);
  writer.close(1, answer);
  return writer.done();
}

/** Of the map that the protocol puts an event's type into. */
function entry(writer: MessageWriter, key: string, value: string, length = value.length): void {
  const mark = writer.mark();
  writer.text(2, value, length);
  writer.text(1, key, key.length);
  writer.close(6, mark);
}

export const confirmationFrame = (id: string): Frame =>
  new ReadResp()
    .setConfirmation(new ReadResp.SubscriptionConfirmation().setSubscriptionId(id))
    .serializeBinary();

export const checkpointFrame = (position: number): Frame =>
  new ReadResp()
    .setCheckpoint(
      new ReadResp.Checkpoint().setCommitPosition(`${position}`).setPreparePosition(`${position}`),
    )
    .serializeBinary();

export const caughtUpFrame: Frame = new ReadResp()
  .setCaughtUp(new ReadResp.CaughtUp())
  .serializeBinary();

export const fellBehindFrame: Frame = new ReadResp()
  .setFellBehind(new ReadResp.FellBehind())
  .serializeBinary();

export const streamNotFoundFrame = (stream: string): Frame =>
  new ReadResp()
    .setStreamNotFound(new ReadResp.StreamNotFound().setStreamIdentifier(identifier(stream)))
    .serializeBinary();

function serialised(
  event: RecordedEvent | undefined,
  link: RecordedEvent | undefined,
  structuredIds: boolean,
): Frame {
  const read = new ReadResp.ReadEvent();
  if (event !== undefined) read.setEvent(recorded(event, structuredIds));
  if (link !== undefined) read.setLink(recorded(link, structuredIds));
  read.setCommitPosition(`${(link ?? event)?.position ?? 0}`);
  return new ReadResp().setEvent(read).serializeBinary();
}

function recorded(event: RecordedEvent, structuredIds: boolean) {
  const message = new ReadResp.ReadEvent.RecordedEvent()
    .setId(uuidMessage(event.id, structuredIds))
    .setStreamIdentifier(identifier(event.stream))
    .setStreamRevision(event.revision)
    .setCommitPosition(`${event.position}`)
    .setPreparePosition(`${event.position}`)
    .setCustomMetadata(event.metadata)
    .setData(event.data);
  message
    .getMetadataMap()
    .set('type', event.type)
    .set('content-type', event.isJson ? 'application/json' : 'application/octet-stream')
    .set('created', event.created);
  return message;
}

export const identifier = (stream: string): shared.StreamIdentifier =>
  new shared.StreamIdentifier().setStreamName(Buffer.from(stream));

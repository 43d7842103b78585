import shared from '@eventstore/db-client/generated/shared_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import { uuidMessage } from '../uuid.ts';
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
  event.frame ??= serialised(event, undefined, false);
  return event.frame;
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

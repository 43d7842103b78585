import { randomUUID } from 'node:crypto';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import empty from 'google-protobuf/google/protobuf/empty_pb.js';
import timestamp from 'google-protobuf/google/protobuf/timestamp_pb.js';
import type { ExpectedRevision, NewEvent } from './log.ts';
import { serialised } from './serialised.ts';

const { BatchAppendReq } = streams;

/** An append in the protocol's form, the same however often it is sent. */
export interface AppendRequest {
  readonly stream: string;
  readonly expected: ExpectedRevision;
  readonly events: readonly NewEvent[];
  readonly correlationId: string;
  /** The message, to be answered until a moment. */
  until(moment: Date): streams.BatchAppendReq;
}

/** Serialises at once: what can't be serialised fails here, before anything is sent. */
export function appendRequest(
  stream: string,
  expected: ExpectedRevision,
  events: readonly NewEvent[],
): AppendRequest {
  const correlationId = randomUUID();
  const options = new BatchAppendReq.Options().setStreamIdentifier(
    new shared.StreamIdentifier().setStreamName(Buffer.from(stream)),
  );
  if (expected === 'no_stream') options.setNoStream(new empty.Empty());
  else options.setStreamPosition(expected.toString());
  const message = new BatchAppendReq()
    .setCorrelationId(new shared.UUID().setString(correlationId))
    .setOptions(options)
    .setProposedMessagesList(events.map(proposed))
    .setIsFinal(true);
  return {
    stream,
    expected,
    events,
    correlationId,
    until(moment) {
      options.setDeadline(timestamp.Timestamp.fromDate(moment));
      return message;
    },
  };
}

function proposed(event: NewEvent): streams.BatchAppendReq.ProposedMessage {
  const { data, metadata } = serialised(event);
  const message = new BatchAppendReq.ProposedMessage()
    .setId(new shared.UUID().setString(event.id))
    .setData(data)
    .setCustomMetadata(metadata);
  message.getMetadataMap().set('type', event.type).set('content-type', 'application/json');
  return message;
}

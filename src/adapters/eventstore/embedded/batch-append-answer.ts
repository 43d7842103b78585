import code from '@eventstore/db-client/generated/code_pb.js';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import status from '@eventstore/db-client/generated/status_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import any from 'google-protobuf/google/protobuf/any_pb.js';
import empty from 'google-protobuf/google/protobuf/empty_pb.js';
import type { Outcome } from './batch.ts';
import type { Expected } from './decide.ts';

/** What an append of the batch stream came to; refusals that never reach the log included. */
export type AppendAnswer =
  | Outcome
  | { readonly type: 'too_large'; readonly maxBytes: number }
  | { readonly type: 'bad_request'; readonly message: string };

type Written = Extract<AppendAnswer, { type: 'written' }>;

/** The protocol tells refusals as a google.rpc status whose details are one of EventStoreDB's messages. */
export function batchAppendAnswer(
  request: streams.BatchAppendReq,
  expected: Expected,
  answer: AppendAnswer,
): streams.BatchAppendResp {
  const response = new streams.BatchAppendResp();
  response.setCorrelationId(request.getCorrelationId());
  response.setStreamIdentifier(request.getOptions()?.getStreamIdentifier());
  return answer.type === 'written'
    ? response.setSuccess(success(answer))
    : response.setError(refusal(request, expected, answer));
}

function success({ revision, position }: Written) {
  const message = new streams.BatchAppendResp.Success();
  if (revision < 0) message.setNoStream(new empty.Empty());
  else message.setCurrentRevision(`${revision}`);
  if (position === undefined) return message.setNoPosition(new empty.Empty());
  const text = `${position}`;
  return message.setPosition(
    new shared.AllStreamPosition().setCommitPosition(text).setPreparePosition(text),
  );
}

function refusal(
  request: streams.BatchAppendReq,
  expected: Expected,
  answer: Exclude<AppendAnswer, Written>,
): status.Status {
  switch (answer.type) {
    case 'wrong_expected_version':
      return packed(
        code.Code.FAILED_PRECONDITION,
        'WrongExpectedVersion',
        wrongVersion(expected, answer.current),
      );
    case 'stream_deleted':
      return packed(
        code.Code.FAILED_PRECONDITION,
        'StreamDeleted',
        new shared.StreamDeleted().setStreamIdentifier(request.getOptions()?.getStreamIdentifier()),
      );
    case 'timed_out':
      return packed(code.Code.DEADLINE_EXCEEDED, 'Timeout', new shared.Timeout());
    case 'too_large':
      return packed(
        code.Code.INVALID_ARGUMENT,
        'MaximumAppendSizeExceeded',
        new shared.MaximumAppendSizeExceeded().setMaxappendsize(answer.maxBytes),
      );
    case 'bad_request':
      return packed(
        code.Code.INVALID_ARGUMENT,
        'BadRequest',
        new shared.BadRequest().setMessage(answer.message),
        answer.message,
      );
  }
}

function wrongVersion(expected: Expected, current: number) {
  const message = new shared.WrongExpectedVersion();
  if (current < 0) message.setCurrentNoStream(new empty.Empty());
  else message.setCurrentStreamRevision(`${current}`);
  switch (expected) {
    case 'any':
      return message.setExpectedAny(new empty.Empty());
    case 'no_stream':
      return message.setExpectedNoStream(new empty.Empty());
    case 'stream_exists':
      return message.setExpectedStreamExists(new empty.Empty());
    default:
      return message.setExpectedStreamPosition(`${expected}`);
  }
}

function packed(
  reason: code.Code,
  name: string,
  details: { serializeBinary(): Uint8Array },
  message = name,
): status.Status {
  const value = new any.Any();
  value.pack(details.serializeBinary(), `event_store.client.${name}`);
  return new status.Status().setCode(reason).setMessage(message).setDetails(value);
}

import streams from '@eventstore/db-client/generated/streams_pb.js';
import type { ServerUnaryCall, sendUnaryData } from '@grpc/grpc-js';
import type { Outcome } from './batch.ts';
import { callDeadline } from './call-deadline.ts';
import type { Expected } from './decide.ts';
import { expectedRevision } from './expected-revision.ts';
import type { GroupWriter } from './group-writer.ts';
import { writableStream } from './proposed-event.ts';
import {
  deadlineExceeded,
  invalidArgument,
  streamDeleted,
  toServiceError,
  wrongExpectedVersion,
} from './service-error.ts';
import { isMetastream } from './stream-metadata.ts';

type Options = streams.DeleteReq.Options | streams.TombstoneReq.Options;

/** Serves `Delete`: the stream is hidden by its metadata and may be written to again. */
export function deleteHandler(writer: GroupWriter) {
  return (
    call: ServerUnaryCall<streams.DeleteReq, streams.DeleteResp>,
    callback: sendUnaryData<streams.DeleteResp>,
  ): void => {
    const { DeleteResp } = streams;
    void remove(writer, call.request.getOptions(), callDeadline(call), false).then(
      (position) =>
        callback(null, new DeleteResp().setPosition(at(new DeleteResp.Position(), position))),
      (error: unknown) => callback(toServiceError(error)),
    );
  };
}

/** Serves `Tombstone`: the stream is closed for ever. */
export function tombstoneHandler(writer: GroupWriter) {
  return (
    call: ServerUnaryCall<streams.TombstoneReq, streams.TombstoneResp>,
    callback: sendUnaryData<streams.TombstoneResp>,
  ): void => {
    const { TombstoneResp } = streams;
    void remove(writer, call.request.getOptions(), callDeadline(call), true).then(
      (position) =>
        callback(null, new TombstoneResp().setPosition(at(new TombstoneResp.Position(), position))),
      (error: unknown) => callback(toServiceError(error)),
    );
  };
}

async function remove(
  writer: GroupWriter,
  options: Options | undefined,
  deadline: number,
  hard: boolean,
): Promise<number> {
  if (options === undefined) throw invalidArgument('A deletion needs options.');
  const stream = writableStream(options.getStreamIdentifier());
  if (isMetastream(stream)) throw invalidArgument('Metadata cannot be deleted by itself.');
  const expected = expectedRevision(options);
  const outcome = await writer.write({ type: 'delete', stream, expected, hard, deadline });
  return positionOf(outcome, stream, expected);
}

function positionOf(outcome: Outcome, stream: string, expected: Expected): number {
  switch (outcome.type) {
    case 'written':
      return outcome.position ?? 0;
    case 'wrong_expected_version':
      throw wrongExpectedVersion(stream, expected, outcome.current);
    case 'stream_deleted':
      throw streamDeleted(stream);
    case 'timed_out':
      throw deadlineExceeded();
  }
}

function at<
  Position extends {
    setCommitPosition(value: string): Position;
    setPreparePosition(value: string): Position;
  },
>(message: Position, position: number): Position {
  return message.setCommitPosition(`${position}`).setPreparePosition(`${position}`);
}

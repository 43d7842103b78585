import shared from '@eventstore/db-client/generated/shared_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import type { ServerReadableStream, sendUnaryData } from '@grpc/grpc-js';
import type { Outcome } from './batch.ts';
import { callDeadline } from './call-deadline.ts';
import type { Expected } from './decide.ts';
import { expectedRevision } from './expected-revision.ts';
import type { GroupWriter } from './group-writer.ts';
import { maxAppendBytes, proposedEvent, writableStream } from './proposed-event.ts';
import type { ProposedEvent } from './recorded-event.ts';
import { sizeOf } from './recorded-event.ts';
import {
  deadlineExceeded,
  invalidArgument,
  maximumAppendSizeExceeded,
  streamDeleted,
  toServiceError,
} from './service-error.ts';

const { AppendResp } = streams;

export type AppendCall = ServerReadableStream<streams.AppendReq, streams.AppendResp>;

/** Serves `Append`: one append a call, options first, then the events. */
export function appendHandler(writer: GroupWriter) {
  return (call: AppendCall, callback: sendUnaryData<streams.AppendResp>): void => {
    const collected = collecting();
    let answered = false;
    const answer = (error: unknown, response?: streams.AppendResp) => {
      if (answered) return;
      answered = true;
      if (response === undefined) callback(toServiceError(error));
      else callback(null, response);
    };
    call.on('data', (request: streams.AppendReq) => {
      try {
        if (!answered) collected.add(request);
      } catch (error) {
        answer(error);
      }
    });
    call.on('end', () => {
      if (!answered) void write(writer, call, collected).then((done) => answer(null, done), answer);
    });
  };
}

async function write(
  writer: GroupWriter,
  call: AppendCall,
  collected: ReturnType<typeof collecting>,
): Promise<streams.AppendResp> {
  const { options, events } = collected.all();
  const stream = writableStream(options.getStreamIdentifier());
  const expected = expectedRevision(options);
  const command = {
    type: 'append',
    stream,
    expected,
    events,
    deadline: callDeadline(call),
  } as const;
  return response(await writer.write(command), stream, expected);
}

function collecting() {
  const events: ProposedEvent[] = [];
  let options: streams.AppendReq.Options | undefined;
  let bytes = 0;
  return {
    add(request: streams.AppendReq) {
      options ??= request.getOptions();
      const message = request.getProposedMessage();
      if (message === undefined) return;
      const event = proposedEvent(message);
      bytes += sizeOf(event);
      if (bytes > maxAppendBytes) throw maximumAppendSizeExceeded(maxAppendBytes);
      events.push(event);
    },
    all() {
      if (options === undefined) throw invalidArgument('An append needs options.');
      return { options, events };
    },
  };
}

function response(outcome: Outcome, stream: string, expected: Expected): streams.AppendResp {
  switch (outcome.type) {
    case 'written':
      return new AppendResp().setSuccess(success(outcome.revision, outcome.position));
    case 'wrong_expected_version':
      return new AppendResp().setWrongExpectedVersion(wrongVersion(expected, outcome.current));
    case 'stream_deleted':
      throw streamDeleted(stream);
    case 'timed_out':
      throw deadlineExceeded();
  }
}

function success(revision: number, position: number | undefined) {
  const message = new AppendResp.Success();
  if (revision < 0) message.setNoStream(new shared.Empty());
  else message.setCurrentRevision(`${revision}`);
  if (position === undefined) return message.setNoPosition(new shared.Empty());
  const text = `${position}`;
  return message.setPosition(
    new AppendResp.Position().setCommitPosition(text).setPreparePosition(text),
  );
}

function wrongVersion(expected: Expected, current: number) {
  const message = new AppendResp.WrongExpectedVersion();
  if (current < 0) message.setCurrentNoStream(new shared.Empty());
  else message.setCurrentRevision(`${current}`);
  switch (expected) {
    case 'any':
      return message.setExpectedAny(new shared.Empty());
    case 'no_stream':
      return message.setExpectedNoStream(new shared.Empty());
    case 'stream_exists':
      return message.setExpectedStreamExists(new shared.Empty());
    default:
      return message.setExpectedRevision(`${expected}`);
  }
}

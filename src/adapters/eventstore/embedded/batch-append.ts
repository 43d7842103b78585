import type streams from '@eventstore/db-client/generated/streams_pb.js';
import type { ServerDuplexStream } from '@grpc/grpc-js';
import { batchAppendAnswer } from './batch-append-answer.ts';
import type { GroupWriter } from './group-writer.ts';
import type { PendingAppend } from './pending-appends.ts';
import { pendingAppends } from './pending-appends.ts';
import { toServiceError, unavailable } from './service-error.ts';

export type BatchAppendCall = ServerDuplexStream<streams.BatchAppendReq, streams.BatchAppendResp>;

/** With so many bytes unanswered a client's stream is not read any further. */
const maxUnansweredBytes = 16 * 1024 * 1024;

/**
 * Serves `BatchAppend`: appends of any number of callers on one stream, each answered once, by its correlation id.
 * When the log fails, the stream ends as unavailable: an answer would be taken for a decision.
 */
export function batchAppendHandler(
  writer: GroupWriter,
  clock: () => number,
  stopping: AbortSignal,
) {
  return (call: BatchAppendCall): void => {
    const add = pendingAppends(clock);
    const lane = answerLane(call, stopping);

    const write = async ({ request, command, bytes }: PendingAppend) => {
      lane.enter(bytes);
      try {
        lane.answer(batchAppendAnswer(request, command.expected, await writer.write(command)));
      } catch (cause) {
        lane.fail(cause);
      }
      lane.leave(bytes);
    };

    call.on('data', (part: streams.BatchAppendReq) => {
      const added = add(part);
      if (added.type === 'complete') void write(added.append);
      if (added.type === 'refused') {
        lane.answer(batchAppendAnswer(added.request, added.expected, added.answer));
      }
    });
    call.on('end', lane.clientDone);
  };
}

/** The answering side of a batch stream: knows what is unanswered, and when and how the stream ends. */
function answerLane(call: BatchAppendCall, stopping: AbortSignal) {
  let open = true;
  let clientIsDone = false;
  let unanswered = 0;
  let unansweredBytes = 0;

  const close = () => {
    open = false;
    stopping.removeEventListener('abort', stop);
  };
  const fail = (cause: unknown) => {
    if (!open) return;
    close();
    call.emit('error', toServiceError(cause));
  };
  const stop = () => fail(unavailable('The event node is stopping.'));
  const endWhenAnswered = () => {
    if (!open || !clientIsDone || unanswered > 0) return;
    close();
    call.end();
  };
  call.on('cancelled', close);
  stopping.addEventListener('abort', stop);

  return {
    fail,
    answer: (response: streams.BatchAppendResp) => {
      if (open) call.write(response);
    },
    enter: (bytes: number) => {
      unanswered += 1;
      unansweredBytes += bytes;
      if (unansweredBytes > maxUnansweredBytes) call.pause();
    },
    leave: (bytes: number) => {
      unanswered -= 1;
      unansweredBytes -= bytes;
      if (call.isPaused() && unansweredBytes <= maxUnansweredBytes) call.resume();
      endWhenAnswered();
    },
    clientDone: () => {
      clientIsDone = true;
      endWhenAnswered();
    },
  };
}

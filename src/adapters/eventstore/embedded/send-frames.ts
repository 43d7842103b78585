import type streams from '@eventstore/db-client/generated/streams_pb.js';
import type { ServerWritableStream } from '@grpc/grpc-js';
import type { Frame } from './event-frame.ts';

export type ReadCall = ServerWritableStream<streams.ReadReq, Frame>;

/** Writes no faster than the other side reads. */
export async function sendFrames(
  call: ReadCall,
  frames: AsyncIterable<readonly Frame[]>,
  signal: AbortSignal,
): Promise<void> {
  for await (const some of frames) {
    for (const frame of some) {
      if (signal.aborted) return;
      if (!call.write(frame)) await drained(call, signal);
    }
  }
}

function drained(call: ReadCall, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      call.off('drain', done);
      signal.removeEventListener('abort', done);
      resolve();
    };
    call.on('drain', done);
    signal.addEventListener('abort', done);
    if (signal.aborted) done();
  });
}

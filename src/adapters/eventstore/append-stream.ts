import { EventStoreDBClient } from '@eventstore/db-client';
import grpcStreams from '@eventstore/db-client/generated/streams_grpc_pb.js';
import type {
  BatchAppendReq,
  BatchAppendResp,
} from '@eventstore/db-client/generated/streams_pb.js';
import { credentials } from '@grpc/grpc-js';
import { uuidText } from './uuid.ts';

/** The stream has ended: whether what was in flight on it has been written is unknown. */
export class AppendStreamBroken extends Error {
  constructor(reason: string, options?: ErrorOptions) {
    super(reason, options);
    this.name = 'AppendStreamBroken';
  }
}

export interface AppendStream {
  /** Sends one append and resolves with its answer; rejects with `AppendStreamBroken`. */
  send(correlationId: string, request: BatchAppendReq): Promise<BatchAppendResp>;
  /** Breaks the stream, and with it everything in flight. */
  close(reason: string): void;
}

interface InFlight {
  readonly sentAt: number;
  readonly resolve: (answer: BatchAppendResp) => void;
  readonly reject: (error: AppendStreamBroken) => void;
}

/**
 * One connection on which appends and their answers cross, each pair matched by an id.
 *
 * The client's own `appendToStream` matches them in one map for the whole process: an error on any
 * connection rejects the appends of all, an answer after that throws where nobody can catch it, and
 * so does a write that waits for a connection that fails. Here every connection has its own map, and
 * the client gives what it is good at: addresses, TLS, credentials, keep-alive.
 */
export async function openAppendStream(url: string, deadlineMs: number): Promise<AppendStream> {
  const client = EventStoreDBClient.connectionString(url);
  // biome-ignore lint/complexity/useLiteralKeys: protected, and reachable in this way only
  const channel = await client['getChannel']();
  // biome-ignore lint/complexity/useLiteralKeys: protected, and reachable in this way only
  const [metadata, options] = client['callArguments']({}, { deadline: Number.POSITIVE_INFINITY });
  const stub = new grpcStreams.StreamsClient('', credentials.createInsecure(), {
    channelOverride: channel,
  });
  const call = stub.batchAppend(metadata, options);
  const inFlight = new Map<string, InFlight>();
  let broken: AppendStreamBroken | undefined;

  const breakDown = (reason: string, cause?: unknown) => {
    if (broken) return;
    broken = new AppendStreamBroken(reason, { cause });
    clearInterval(watch);
    for (const { reject } of inFlight.values()) reject(broken);
    inFlight.clear();
    call.cancel();
    channel.close();
  };

  call.on('data', (answer: BatchAppendResp) => {
    const id = uuidText(answer.getCorrelationId()) ?? '';
    const waiting = inFlight.get(id);
    inFlight.delete(id);
    waiting?.resolve(answer);
  });
  call.on('error', (error) => breakDown(error.message, error));
  call.on('end', () => breakDown('The log ended the stream of appends.'));
  // Appends are answered in about the order they were sent, so the first in the map is the oldest.
  const watch = setInterval(() => {
    const [oldest] = inFlight.values();
    if (oldest && performance.now() - oldest.sentAt > deadlineMs) {
      breakDown(`The log has not answered an append for ${deadlineMs} ms.`);
    }
  }, deadlineMs / 10);
  watch.unref();

  return {
    send: (correlationId, request) =>
      new Promise((resolve, reject) => {
        if (broken) return reject(broken);
        inFlight.set(correlationId, { sentAt: performance.now(), resolve, reject });
        call.write(request);
      }),
    close: breakDown,
  };
}

import { ServerFeaturesService } from '@eventstore/db-client/generated/serverfeatures_grpc_pb.js';
import { StreamsService } from '@eventstore/db-client/generated/streams_grpc_pb.js';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { appendHandler } from './append.ts';
import { batchAppendHandler } from './batch-append.ts';
import { deleteHandler, tombstoneHandler } from './delete.ts';
import type { Frame } from './event-frame.ts';
import type { EventLog } from './event-log.ts';
import { readHandler } from './read.ts';
import { supportedMethods } from './server-features.ts';

/** A client may send 1 MiB of payload in one message, and learns about more by an answer, not by a cut connection. */
const maxMessageBytes = 17 * 1024 * 1024;

/** Reads answer with frames that are serialised already: one may go to many subscribers. */
const streamsService = {
  ...StreamsService,
  read: {
    ...StreamsService.read,
    responseSerialize: (frame: Frame) => Buffer.from(frame.buffer, frame.byteOffset, frame.length),
  },
};

export interface GrpcServer {
  readonly port: number;
  stop(): Promise<void>;
}

/** Serves the log on loopback. Services that aren't here are answered as unimplemented. */
export async function grpcServer(
  log: EventLog,
  port: number,
  stopping: AbortSignal,
): Promise<GrpcServer> {
  const server = new Server({
    'grpc.max_receive_message_length': maxMessageBytes,
    'grpc.max_send_message_length': -1,
  });
  server.addService(streamsService, {
    read: readHandler(log, stopping),
    append: appendHandler(log.writer),
    batchAppend: batchAppendHandler(log.writer, log.clock, stopping),
    delete: deleteHandler(log.writer),
    tombstone: tombstoneHandler(log.writer),
  });
  server.addService(ServerFeaturesService, { getSupportedMethods: supportedMethods });
  const bound = await listen(server, port);
  return { port: bound, stop: () => shutDown(server) };
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
}

/** Calls that are being answered get a moment; idle connections of clients don't count. */
function shutDown(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const patience = setTimeout(() => {
      server.forceShutdown();
      resolve();
    }, 1000);
    server.tryShutdown(() => {
      clearTimeout(patience);
      resolve();
    });
  });
}

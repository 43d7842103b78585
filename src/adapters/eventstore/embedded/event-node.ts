import { groupWriter } from './group-writer.ts';
import { grpcServer } from './grpc-server.ts';
import { insertEvents } from './insert-events.ts';
import { logReader } from './log-reader.ts';
import { recentEvents } from './recent-events.ts';
import { lastPosition, prepareLog } from './schema.ts';
import { writingConnection } from './writing-connection.ts';

export interface EventNodeOptions {
  readonly databaseUrl: string;
  /** 0: a free one. */
  readonly port: number;
  /** How long a predecessor's lock is waited for. */
  readonly lockTimeoutMs: number;
  readonly readers: number;
  readonly clock: () => number;
  readonly onFault: (message: string, cause: unknown) => void;
}

export interface RunningEventNode {
  readonly port: number;
  /** Settles when the writing connection is gone, and the lock with it: the node must end at once. */
  readonly lost: Promise<Error>;
  /** Answers what was accepted, ends all streams as unavailable, gives the lock back. */
  stop(): Promise<void>;
}

/** Opens the log, as its only writer, and serves it. */
export async function eventNode(options: EventNodeOptions): Promise<RunningEventNode> {
  const { databaseUrl, port, clock, onFault } = options;
  const { client, lost } = await writingConnection(databaseUrl, options.lockTimeoutMs);
  const last = await prepareLog(client, `${clock()}0000`);
  const reader = logReader(databaseUrl, options.readers);
  const recent = recentEvents(last);
  const writer = groupWriter(
    {
      reader,
      insert: (events) => insertEvents(client, events),
      lastPosition: () => lastPosition(client),
      committed: recent.push,
      onFault,
      clock,
    },
    last,
  );
  const stopping = new AbortController();
  const server = await grpcServer(
    { writer, reader, recent, clock, onFault },
    port,
    stopping.signal,
  );
  return {
    port: server.port,
    lost,
    async stop() {
      await writer.close();
      stopping.abort();
      await server.stop();
      await reader.close();
      await client.end();
    },
  };
}

import type { EventStoreDBClient } from '@eventstore/db-client';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import { StreamsService } from '@eventstore/db-client/generated/streams_grpc_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import type { CallOptions, ClientReadableStream, Metadata } from '@grpc/grpc-js';
import { Client } from '@grpc/grpc-js';
import type { StoredEvent } from '../../domain/events.ts';
import type { ReadAnswer } from './read-answer.ts';
import { readAnswer } from './read-answer.ts';

const { Options } = streams.ReadReq;

export interface StreamRange {
  readonly stream: string;
  readonly from: bigint | 'start' | 'end';
  readonly backwards?: boolean;
  /** Absent: all there are. */
  readonly most?: number;
}

/** The protocol's `Read` with answers in our words. */
class ReadClient extends Client {
  read(
    request: streams.ReadReq,
    metadata: Metadata,
    options: CallOptions,
  ): ClientReadableStream<ReadAnswer> {
    const { path, requestSerialize } = StreamsService.read;
    return this.makeServerStreamRequest(
      path,
      requestSerialize,
      readAnswer,
      request,
      metadata,
      options,
    );
  }
}

/**
 * Reads a part of a stream once, from the leader; a stream that doesn't exist has nothing in it.
 * The client gives its connection, and learns of its faults, as with reads of its own.
 */
export async function* readStream(
  client: EventStoreDBClient,
  range: StreamRange,
): AsyncGenerator<StoredEvent, void, undefined> {
  const asked = { request: readRequest(range), requiresLeader: true };
  for await (const answers of answersTo(client, asked)) {
    for (const answer of answers) {
      if (answer.kind === 'not_found') return;
      if (answer.kind === 'event' && answer.event) yield answer.event;
    }
  }
}

export interface AskedRead {
  readonly request: streams.ReadReq;
  readonly requiresLeader: boolean;
  readonly signal?: AbortSignal;
}

/**
 * What the log says to a read or a subscription until it ends, or the signal aborts, or one leaves;
 * what has come together, together.
 */
export async function* answersTo(
  client: EventStoreDBClient,
  { request, requiresLeader, signal }: AskedRead,
): AsyncGenerator<readonly ReadAnswer[], void, undefined> {
  // biome-ignore lint/complexity/useLiteralKeys: protected, and reachable in this way only
  const [metadata, options] = client['callArguments'](
    { requiresLeader },
    { deadline: Number.POSITIVE_INFINITY },
  );
  // biome-ignore lint/complexity/useLiteralKeys: protected, and reachable in this way only
  const open = client['GRPCStreamCreator'](ReadClient, 'read', (connection) =>
    connection.read(request, metadata, options),
  );
  const answers = await open();
  // A connection may fail when nobody iterates any more.
  answers.on('error', () => undefined);
  const aborted = () => void answers.destroy();
  signal?.addEventListener('abort', aborted, { once: true });
  if (signal?.aborted) aborted();
  try {
    yield* arrivals(answers);
  } finally {
    signal?.removeEventListener('abort', aborted);
    if (!answers.readableEnded) setImmediate(() => letGo(answers));
  }
}

/**
 * Leaving the loop doesn't tell the server. The client keeps a stream until it has ended, and one whose
 * call was over before it was cancelled ends only for who reads it to its end. Not for within the loop,
 * because the call may be at work then.
 */
function letGo(answers: ClientReadableStream<ReadAnswer>): void {
  answers.cancel();
  answers.removeAllListeners('readable');
  // Removing takes a turn: until then a stream that is listened to doesn't flow.
  setImmediate(() => answers.resume());
}

/** A stream's own iteration has one turn for every object, which costs more than most objects do. */
async function* arrivals(
  answers: ClientReadableStream<ReadAnswer>,
): AsyncGenerator<readonly ReadAnswer[], void, undefined> {
  let arrived = Promise.withResolvers<void>();
  const wake = () => arrived.resolve();
  for (const event of ['readable', 'end', 'error', 'close']) answers.on(event, wake);
  while (true) {
    const here: ReadAnswer[] = [];
    for (let next = answers.read(); next !== null; next = answers.read()) here.push(next);
    if (here.length > 0) yield here;
    else if (answers.errored) throw answers.errored;
    else if (answers.readableEnded || answers.destroyed) return;
    else {
      await arrived.promise;
      arrived = Promise.withResolvers();
    }
  }
}

function readRequest({ stream, from, backwards = false, most }: StreamRange): streams.ReadReq {
  const source = new Options.StreamOptions().setStreamIdentifier(
    new shared.StreamIdentifier().setStreamName(Buffer.from(stream)),
  );
  if (from === 'start') source.setStart(new shared.Empty());
  else if (from === 'end') source.setEnd(new shared.Empty());
  else source.setRevision(from.toString());
  const { FORWARDS, BACKWARDS } = Options.ReadDirection;
  return new streams.ReadReq().setOptions(
    new Options()
      .setStream(source)
      .setReadDirection(backwards ? BACKWARDS : FORWARDS)
      .setResolveLinks(false)
      .setCount(`${most ?? Number.MAX_SAFE_INTEGER}`)
      .setUuidOption(new Options.UUIDOption().setString(new shared.Empty()))
      .setNoFilter(new shared.Empty()),
  );
}

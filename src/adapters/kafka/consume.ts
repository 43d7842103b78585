import { setTimeout as sleep } from 'node:timers/promises';
import type { Consumer, EachBatchPayload, KafkaMessage } from 'kafkajs';
import type { Logger } from 'pino';
import type { KafkaSettings } from './client.ts';
import { kafkaClient, retry } from './client.ts';
import { unless } from './unless.ts';

/** Records of one partition, in order. */
export interface Chunk {
  readonly partition: number;
  readonly messages: readonly KafkaMessage[];
  /** The offset after the last of them. */
  readonly next: bigint;
}

/** The offsets that a partition of the topic has now; `high` is the next one to be written. */
export interface Range {
  readonly low: bigint;
  readonly high: bigint;
}

export interface ConsumeParts {
  readonly kafka: KafkaSettings;
  readonly topic: string;
  readonly group: string;
  readonly signal: AbortSignal;
  readonly log: Logger;
  /** Given the partitions that are this member's from now on, says at which offset each begins. */
  joined(ranges: ReadonlyMap<number, Range>): Promise<ReadonlyMap<number, bigint>>;
  /** Takes a chunk wholly, or rejects: then the client is given up. Chunks of several partitions overlap. */
  take(chunk: Chunk): Promise<void>;
}

/** Something in the topic is written in a way that the client can't read; it comes to it again and again. */
export class TopicUnreadable extends Error {
  override readonly name = 'TopicUnreadable';
}

const mostMessages = 1_000;
const heartbeatMs = 1_000;
/** A member that was killed keeps its partitions for so long. */
const sessionMs = 10_000;
const mostBytes = 8 * 1024 * 1024;

/** Reads as a member of the group until the signal aborts or anything fails. */
export async function consume(parts: ConsumeParts): Promise<void> {
  const { kafka, topic, group, signal, log } = parts;
  const failed = Promise.withResolvers<never>();
  failed.promise.catch(() => undefined);
  const client = kafkaClient(kafka, log);
  const admin = client.admin();
  const consumer = client.consumer({
    groupId: group,
    allowAutoTopicCreation: false,
    sessionTimeout: sessionMs,
    heartbeatInterval: heartbeatMs,
    rebalanceTimeout: 15_000,
    maxBytesPerPartition: mostBytes,
    maxWaitTimeInMs: 250,
    // A client that broke is not started again: whoever reads begins with a new one.
    retry: { ...retry, restartOnFailure: async () => false },
  });
  consumer.on(consumer.events.CRASH, ({ payload }) => failed.reject(crashOf(payload.error)));
  let placed: Promise<unknown> = Promise.resolve();
  consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
    const mine = payload.memberAssignment[topic] ?? [];
    placed = place(consumer, mine).catch(failed.reject);
  });

  async function place(of: Consumer, partitions: readonly number[]): Promise<void> {
    const all = await unless(signal, admin.fetchTopicOffsets(topic));
    const ranges = new Map(
      all
        .filter(({ partition }) => partitions.includes(partition))
        .map(({ partition, low, high }) => [partition, { low: BigInt(low), high: BigInt(high) }]),
    );
    for (const [partition, offset] of await parts.joined(ranges)) {
      of.seek({ topic, partition, offset: offset.toString() });
    }
  }

  async function eachBatch(payload: EachBatchPayload): Promise<void> {
    const { batch, resolveOffset, heartbeat, isRunning, isStale } = payload;
    await beating(placed, heartbeat);
    for (let from = 0; from < batch.messages.length; from += mostMessages) {
      if (!isRunning() || isStale() || signal.aborted) return;
      const messages = batch.messages.slice(from, from + mostMessages);
      const last = messages.at(-1)?.offset ?? '-1';
      const taking = parts.take({ partition: batch.partition, messages, next: BigInt(last) + 1n });
      taking.catch(failed.reject);
      await beating(taking, heartbeat);
      resolveOffset(last);
    }
  }

  try {
    await unless(signal, admin.connect());
    await unless(signal, consumer.connect());
    await unless(signal, consumer.subscribe({ topics: [topic], fromBeginning: true }));
    const running = consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      partitionsConsumedConcurrently: 12,
      eachBatch,
    });
    running.catch(failed.reject);
    await unless(signal, failed.promise);
  } finally {
    await leave(consumer);
    void admin.disconnect().catch(() => undefined);
  }
}

/** Snappy, LZ4 and Zstandard: whoever writes to the topic, or a broker's `compression.type`, may choose them. */
const crashOf = (error: Error): Error =>
  error.name === 'KafkaJSNotImplemented'
    ? new TopicUnreadable(error.message, { cause: error })
    : error;

/** The group is told, if the brokers are there to hear it. */
async function leave(consumer: Consumer): Promise<void> {
  await Promise.race([consumer.disconnect().catch(() => undefined), sleep(2_000)]);
}

/** Waits, and tells the group meanwhile that this member lives. */
async function beating(work: Promise<unknown>, heartbeat: () => Promise<void>): Promise<void> {
  let ended = false;
  const end = work.finally(() => (ended = true));
  end.catch(() => undefined);
  while (!ended) {
    const stop = new AbortController();
    await Promise.race([
      end,
      sleep(heartbeatMs, undefined, { signal: stop.signal }).catch(() => undefined),
    ]);
    stop.abort();
    if (!ended) await heartbeat();
  }
  await end;
}

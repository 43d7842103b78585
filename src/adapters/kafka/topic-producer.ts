import type { Message } from 'kafkajs';
import type { Logger } from 'pino';
import type { KafkaSettings } from './client.ts';
import { kafkaClient, retry } from './client.ts';
import { ensureTopic } from './topic.ts';
import { unless } from './unless.ts';

/** Writes to one topic, in order in each of its partitions. */
export interface TopicProducer {
  /** Resolves once the brokers have acknowledged them; rejects when that takes too long. */
  send(byPartition: ReadonlyMap<number, readonly Message[]>): Promise<unknown>;
  close(): void;
}

interface ProducerParts {
  readonly kafka: KafkaSettings;
  readonly topic: string;
  readonly log: Logger;
}

const sendMs = 10_000;

/** Connects, and makes the topic if it isn't there; whatever is under way is given up when `until` aborts. */
export async function topicProducer(
  { kafka, topic, log }: ProducerParts,
  until: AbortSignal,
): Promise<TopicProducer> {
  const client = kafkaClient(kafka, log);
  const admin = client.admin();
  const producer = client.producer({
    idempotent: true,
    maxInFlightRequests: 1,
    allowAutoTopicCreation: false,
    retry,
  });
  const close = () => void producer.disconnect().catch(() => undefined);
  try {
    await unless(until, admin.connect());
    await unless(until, ensureTopic(admin, topic));
    await unless(until, producer.connect());
  } catch (error) {
    close();
    throw error;
  } finally {
    void admin.disconnect().catch(() => undefined);
  }
  return {
    close,
    send(byPartition) {
      const messages = [...byPartition].flatMap(([partition, each]) =>
        each.map((message) => ({ ...message, partition })),
      );
      // The library would try for ever, also in a topic that is gone: a new client makes it again.
      const patience = AbortSignal.any([until, AbortSignal.timeout(sendMs)]);
      const sent = producer.sendBatch({ acks: -1, topicMessages: [{ topic, messages }] });
      return unless(patience, sent);
    },
  };
}

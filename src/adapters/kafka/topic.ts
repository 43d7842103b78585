import type { Admin } from 'kafkajs';
import { partitionCount } from '../../projections/partition.ts';

export const topicOf = (prefix: string): string => `${prefix}llm-member.events.v1`;

/** The topic is not as everybody who reads it must find it; nothing is written to it. */
export class TopicUnusable extends Error {
  override readonly name = 'TopicUnusable';
}

const dayMs = 86_400_000;
/** The log is the archive. */
const retentionMs = 7 * dayMs;
/** The largest append there is, with room for its envelopes. */
const mostBytes = 4 * 1024 * 1024;

/**
 * Makes the topic if it is missing, which whoever may not do finds made by others; throws
 * `TopicUnusable` when it has another number of partitions.
 */
export async function ensureTopic(
  admin: Pick<Admin, 'createTopics' | 'fetchTopicMetadata'>,
  topic: string,
): Promise<void> {
  const refused = await admin
    .createTopics({ topics: [wanted(topic)], waitForLeaders: true })
    .then(() => undefined, refusalOf);
  const { topics } = await admin
    .fetchTopicMetadata({ topics: [topic] })
    .catch((error: unknown) => Promise.reject(refused ?? error));
  const partitions = topics[0]?.partitions.length ?? 0;
  if (partitions === partitionCount) return;
  throw new TopicUnusable(
    `The topic ${topic} has ${partitions} partitions and must have ${partitionCount}: events would ` +
      'not be where their readers look. Delete it, and it is made anew from the log.',
  );
}

const wanted = (topic: string) => ({
  topic,
  numPartitions: partitionCount,
  configEntries: [
    { name: 'cleanup.policy', value: 'delete' },
    { name: 'retention.ms', value: String(retentionMs) },
    { name: 'max.message.bytes', value: String(mostBytes) },
    // Whatever the brokers compress by: the client can read what it wrote.
    { name: 'compression.type', value: 'producer' },
  ],
});

/** What must not be reported before it is known that the topic is missing; throws what must. */
function refusalOf(error: unknown): unknown {
  const errors = error instanceof Error && 'errors' in error ? error.errors : [error];
  const all = (Array.isArray(errors) ? errors : [error]).map(typeOf);
  // Another process may make it at the same moment.
  if (all.every((type) => type === 'TOPIC_ALREADY_EXISTS')) return undefined;
  if (all.every((type) => type?.endsWith('_AUTHORIZATION_FAILED'))) return error;
  throw error;
}

const typeOf = (error: unknown): string | undefined =>
  error instanceof Error && 'type' in error ? String(error.type) : undefined;

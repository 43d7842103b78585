import test from 'ava';
import { ensureTopic, TopicUnusable } from '../../../src/adapters/kafka/topic.ts';

const errorOf = (type: string) => Object.assign(new Error(type), { type });
const refusing = (...types: readonly string[]) =>
  Object.assign(new Error('Topic creation errors'), { errors: types.map(errorOf) });

/** Brokers that refuse to make a topic, and have one of so many partitions; 0: none. */
const brokers = (refusal: Error, count: number) => {
  const partitions = Array.from({ length: count }, (_, partitionId) => ({
    ...{ partitionId, partitionErrorCode: 0, leader: 1, replicas: [1], isr: [1] },
  }));
  return {
    createTopics: () => Promise.reject(refusal),
    fetchTopicMetadata: () =>
      count === 0
        ? Promise.reject(errorOf('UNKNOWN_TOPIC_OR_PARTITION'))
        : Promise.resolve({ topics: [{ name: 'events', partitions }] }),
  };
};

test('whoever may not make topics relays to one that others made', async (t) => {
  const forbidden = refusing('TOPIC_AUTHORIZATION_FAILED');
  await t.notThrowsAsync(ensureTopic(brokers(forbidden, 12), 'events'));
  await t.throwsAsync(ensureTopic(brokers(forbidden, 3), 'events'), { instanceOf: TopicUnusable });
  await t.throwsAsync(ensureTopic(brokers(forbidden, 0), 'events'), { is: forbidden });
});

test('a topic that another process made meanwhile is used; what else is refused is said', async (t) => {
  await t.notThrowsAsync(ensureTopic(brokers(refusing('TOPIC_ALREADY_EXISTS'), 12), 'events'));
  const invalid = refusing('INVALID_REPLICATION_FACTOR');
  await t.throwsAsync(ensureTopic(brokers(invalid, 12), 'events'), { is: invalid });
});

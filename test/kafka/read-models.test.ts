import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import type { Message } from 'kafkajs';
import { pino } from 'pino';
import type { Kafka } from '../../ops/kafka/broker.ts';
import { startKafka } from '../../ops/kafka/broker.ts';
import { relayedBatches } from '../../src/adapters/kafka/relayed-batches.ts';
import { ensureTopic, TopicUnusable } from '../../src/adapters/kafka/topic.ts';
import { batches } from '../../src/adapters/postgres/batches.ts';
import { allPartitions } from '../../src/projections/partition.ts';
import { child } from '../support/child.ts';
import { eventually } from '../support/eventually.ts';
import { kafkaWorld } from '../support/kafka-world.ts';
import { mute } from '../support/mute-log.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

let kafka: Kafka;
const ends: (() => Promise<unknown>)[] = [];

test.before('Kafka is started', async () => {
  const dir = await temporaryFolder({ teardown: (end) => void ends.unshift(end) });
  kafka = await startKafka({ dir, log: pino({ level: 'silent' }) });
  ends.unshift(() => kafka.stop());
});
test.after.always('Kafka ends', async () => {
  for (const end of ends) await end();
});

const world = (t: Parameters<typeof kafkaWorld>[0]) => kafkaWorld(t, kafka.brokers);

test.serial('what is in the log is in the tables, before and after', async (t) => {
  const { busy, startRelay, startFeed, reached, same } = await world(t);
  await busy.write(300);
  startRelay();
  const feed = startFeed();
  await reached(await busy.write(300));
  await eventually(() => feed.state().caughtUp);
  await same();
});

test.serial('the broker is killed and comes back', async (t) => {
  const { busy, startRelay, startFeed, reached, same } = await world(t);
  const relaying = startRelay();
  startFeed();
  await reached(await busy.write(100));
  const writing = busy.start();
  for (let round = 0; round < 2; round += 1) {
    await sleep(1_000);
    await kafka.kill();
    await sleep(1_000);
    await kafka.start();
  }
  await reached(await writing.stop());
  t.is(relaying.state().failing, null);
  await same();
});

test.serial(
  'a relay that can say nothing on a quiet log says so, and goes on by itself',
  async (t) => {
    const { busy, startRelay, startFeed, reached, same } = await world(t);
    const relaying = startRelay();
    startFeed();
    await reached(await busy.write(50));
    await kafka.kill();
    await eventually(() => relaying.state().failing !== null);
    t.false(relaying.state().active);
    await kafka.start();
    await eventually(() => relaying.state().active && relaying.state().failing === null);
    await reached(await busy.write(50));
    await same();
  },
);

const cutOff = {
  relay: 'the relay is cut off between the acknowledgement and its own note of it',
  projector: 'the projector is cut off between rows and commit',
};
for (const [session, what] of Object.entries(cutOff)) {
  test.serial(what, async (t) => {
    const { busy, startRelay, startFeed, reached, same, cut } = await world(t);
    startRelay();
    startFeed();
    await reached(await busy.write(50));
    const writing = busy.start();
    let cuts = 0;
    for (let round = 0; round < 12; round += 1) {
      await sleep(150 + 53 * round);
      cuts += await cut(session);
    }
    t.true(cuts > 6);
    await reached(await writing.stop());
    await same();
  });
}

test.serial('a relay whose subscription goes silent says so, and begins anew', async (t) => {
  const { busy, eventLog, startRelay, startFeed, reached } = await world(t);
  const { speak, subscribe } = mute(eventLog);
  const relaying = startRelay({ eventLog: { ...eventLog, subscribe }, silentMs: 500 });
  startFeed();
  const end = await busy.write(10);
  await eventually(() => /the log has gone on/.test(relaying.state().failing ?? ''));
  t.is(relaying.state().position, null);
  speak();
  await reached(end);
  await eventually(() => relaying.state().failing === null);
});

test.serial('members come and go in the middle of it', async (t) => {
  const { busy, startRelay, startFeed, reached, same } = await world(t);
  startRelay();
  const first = startFeed();
  await reached(await busy.write(50));
  const writing = busy.start();
  const second = startFeed();
  await sleep(2_000);
  const third = startFeed();
  await sleep(2_000);
  await first.close();
  await sleep(1_000);
  await second.close();
  await reached(await writing.stop());
  await same();
  t.not(third.position(), null);
});

interface Harm {
  readonly every: number;
  readonly done: (sent: Message[], message: Message) => unknown;
}

/** What may happen to records on their way, beside being lost. */
const harms: readonly Harm[] = [
  { every: 7, done: (sent, message) => sent.push(message) },
  { every: 11, done: (sent, message) => sent.unshift(message) },
  { every: 13, done: (sent) => sent.push({ key: 'x', value: 'not ours' }) },
  { every: 17, done: (sent) => sent.reverse() },
  // From a relay that was replaced long ago.
  {
    every: 19,
    done: (sent, message) => sent.push({ ...message, headers: { ...message.headers, epoch: '1' } }),
  },
];

test.serial('records are missing, repeated, late, out of order and not ours', async (t) => {
  const { busy, startFeed, reached, same, client, topic, eventLog } = await world(t);
  const admin = client.admin();
  await admin.connect();
  await ensureTopic(admin, topic);
  await admin.disconnect();
  const producer = client.producer();
  await producer.connect();
  t.teardown(() => producer.disconnect());
  startFeed();
  const { signal } = new AbortController();
  const items = batches((own) => eventLog.subscribe({ after: null, signal: own }), {
    most: 20,
    signal,
  });
  let sent = 0;
  const damaged = (messages: readonly Message[]): readonly Message[] => {
    const all: Message[] = [];
    for (const message of messages) {
      sent += 1;
      if (message.value !== null && sent % 5 === 0) continue;
      all.push(message);
      const due = harms.filter(({ every }) => sent % every === 0);
      for (const harm of due) harm.done(all, message);
    }
    return all;
  };
  const from = { epoch: 2n, position: null, tails: allPartitions.map(() => null) };
  const relaying = (async () => {
    for await (const { byPartition } of relayedBatches(items, from, { signal })) {
      const messages = [...byPartition].flatMap(([partition, each]) =>
        damaged(each).map((message) => ({ ...message, partition })),
      );
      if (messages.length > 0) await producer.send({ topic, messages });
    }
  })();
  relaying.catch(() => undefined);
  await reached(await busy.write(600));
  await same();
  t.true(sent > 600);
});

test.serial('of two relays one relays; one that was paused wakes up too late', async (t) => {
  const { busy, startFeed, startRelay, reached, same, databaseUrl, eventstoreUrl, ...rest } =
    await world(t);
  const paused = child(t, 'relay-child.ts', [
    kafka.brokers,
    rest.kafka.topicPrefix,
    databaseUrl,
    eventstoreUrl,
  ]);
  t.is(await paused.line(), 'active');
  const other = startRelay();
  startFeed();
  await reached(await busy.write(100));
  t.false(other.state().active);
  const writing = busy.start();
  await sleep(500);
  process.kill(paused.pid, 'SIGSTOP');
  await eventually(() => other.state().active);
  await sleep(500);
  process.kill(paused.pid, 'SIGCONT');
  await sleep(2_000);
  await reached(await writing.stop());
  t.true(other.state().active);
  await same();
});

test.serial('the topic is deleted and made again', async (t) => {
  const { busy, startRelay, startFeed, reached, same, client, topic } = await world(t);
  startRelay();
  startFeed(5_000);
  await reached(await busy.write(200));
  const admin = client.admin();
  await admin.connect();
  t.teardown(() => admin.disconnect());
  const writing = busy.start();
  await sleep(500);
  await admin.deleteTopics({ topics: [topic] });
  await sleep(1_500);
  await reached(await writing.stop());
  await same();
  t.true((await admin.listTopics()).includes(topic));
});

test.serial(
  'what is compressed in a way that nobody here reads is read from the log',
  async (t) => {
    const { busy, startRelay, startFeed, reached, same, client, topic } = await world(t);
    startRelay();
    startFeed();
    await reached(await busy.write(100));
    const admin = client.admin();
    await admin.connect();
    t.teardown(() => admin.disconnect());
    const compressBy = (value: string) =>
      admin.alterConfigs({
        validateOnly: false,
        // A topic.
        resources: [{ type: 2, name: topic, configEntries: [{ name: 'compression.type', value }] }],
      });
    await compressBy('lz4');
    await reached(await busy.write(100));
    await compressBy('producer');
    await reached(await busy.write(100));
    await same();
  },
);

test.serial('a topic with another number of partitions is refused', async (t) => {
  const { client, topic, startRelay } = await world(t);
  const admin = client.admin();
  await admin.connect();
  t.teardown(() => admin.disconnect());
  await admin.createTopics({ topics: [{ topic, numPartitions: 3 }], waitForLeaders: true });
  await t.throwsAsync(ensureTopic(admin, topic), { instanceOf: TopicUnusable });
  const relaying = startRelay();
  await eventually(() => relaying.state().failing !== null);
  t.regex(relaying.state().failing ?? '', /3 partitions/);
});

test.serial('from the log to Kafka and back, on the same database', async (t) => {
  const { busy, startRelay, startFeed, startDirect, reached, same } = await world(t);
  const direct = startDirect();
  await reached(await busy.write(100));
  startRelay();
  // Both at once, as while one process after the other is given the variable.
  const writing = busy.start();
  const feed = startFeed();
  await sleep(3_000);
  await direct.close();
  await sleep(2_000);
  const again = startDirect();
  await sleep(1_000);
  await feed.close();
  await sleep(500);
  await reached(await writing.stop());
  await same();
  t.is(again.state().failing, null);
});

import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import test from 'ava';
import { Kafka as KafkaClient, logLevel } from 'kafkajs';
import type { Kafka, KafkaOptions } from '../../ops/kafka/broker.ts';
import { startKafka } from '../../ops/kafka/broker.ts';
import { DataDirInUse } from '../../src/adapters/files/data-dir.ts';
import { isAlive } from '../../src/adapters/files/process-identity.ts';
import { freePort } from '../../src/adapters/files/steady-port.ts';
import { child } from '../support/child.ts';
import { eventually } from '../support/eventually.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const topic = 'events';
const values = Array.from({ length: 1_000 }, (_, number) => `record ${number}`);

test('records survive kill -9 and a restart at the same address', async (t) => {
  const kafka = await kafkaOn(t, { dir: await temporaryFolder(t) });
  const { pid } = kafka;
  await produce(clientOf(kafka));

  await kafka.kill();
  t.false(await isAlive(pid));
  await kafka.start();

  t.not(kafka.pid, pid);
  t.deepEqual(await consume(clientOf(kafka)), values);
});

test('records survive a stop and a new start on the same folder', async (t) => {
  const dir = await temporaryFolder(t);
  const first = await kafkaOn(t, { dir });
  await produce(clientOf(first));
  await first.stop();

  const second = await kafkaOn(t, { dir });
  t.deepEqual(await consume(clientOf(second)), values);
});

test('a second start on the same folder is refused, and the first broker goes on', async (t) => {
  const dir = await temporaryFolder(t);
  const kafka = await kafkaOn(t, { dir });

  const refusal = await t.throwsAsync(startKafka({ dir }));
  t.true(refusal?.cause instanceof DataDirInUse);
  t.true(refusal?.message.includes(kafka.brokers), refusal?.message);
  await t.throwsAsync(kafka.start());

  await produce(clientOf(kafka));
});

test('a topic that nobody created does not come to be', async (t) => {
  const kafka = await kafkaOn(t, { dir: await temporaryFolder(t) });
  const producer = clientOf(kafka, 0).producer();
  await producer.connect();
  await t.throwsAsync(producer.send({ topic, messages: [{ value: 'lost' }] }));
  await producer.disconnect();
});

test('a broker ends when its parent is gone, and its folder is free', async (t) => {
  const dir = await temporaryFolder(t);
  const parent = child(t, 'kafka-child.ts', [dir]);
  const pid = Number(await parent.line());
  t.true(await isAlive(pid));
  await parent.kill('SIGKILL');
  await eventually(async () => !(await isAlive(pid)));
  await t.notThrowsAsync(kafkaOn(t, { dir }));
});

test('a broker that cannot start says why', async (t) => {
  const dir = await temporaryFolder(t);
  await mkdir(join(dir, 'log'));
  await writeFile(join(dir, 'log', 'meta.properties'), 'version=77\n');
  const fault = await t.throwsAsync(startKafka({ dir }));
  t.regex(fault?.message ?? '', /broker\.log:.*version.*77/s);
});

test('a port that is taken is not fought for', async (t) => {
  const dir = await temporaryFolder(t);
  const port = await freePort();
  const other = createServer().listen(port, '127.0.0.1');
  t.teardown(() => other.close());
  await once(other, 'listening');
  await t.throwsAsync(startKafka({ dir, port }), { message: `Port ${port} is taken.` });
});

async function kafkaOn(t: ExecutionContext, options: KafkaOptions): Promise<Kafka> {
  const kafka = await startKafka(options);
  t.teardown(() => kafka.stop());
  return kafka;
}

const clientOf = ({ brokers }: Kafka, retries = 50) =>
  new KafkaClient({
    brokers: [brokers],
    logLevel: logLevel.NOTHING,
    retry: { initialRetryTime: 200, maxRetryTime: 2_000, retries },
  });

async function produce(client: KafkaClient): Promise<void> {
  const admin = client.admin();
  await admin.connect();
  // A new topic may be unknown for a moment, which a producer waits for and this wouldn't.
  await admin.createTopics({ topics: [{ topic, numPartitions: 1 }], waitForLeaders: false });
  await admin.disconnect();
  const producer = client.producer({ idempotent: true, maxInFlightRequests: 1 });
  await producer.connect();
  await producer.send({ topic, acks: -1, messages: values.map((value) => ({ value })) });
  await producer.disconnect();
}

async function consume(client: KafkaClient): Promise<readonly string[]> {
  const consumer = client.consumer({ groupId: 'test' });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  const read: string[] = [];
  await consumer.run({
    eachMessage: ({ message }) => {
      read.push(String(message.value));
      return Promise.resolve();
    },
  });
  await eventually(() => read.length >= values.length);
  await consumer.disconnect();
  return read;
}

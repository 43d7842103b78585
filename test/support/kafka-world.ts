import { randomUUID } from 'node:crypto';
import type { ExecutionContext } from 'ava';
import { Kafka as Client, logLevel } from 'kafkajs';
import pg from 'pg';
import { pino } from 'pino';
import { eventStoreDbLog } from '../../src/adapters/eventstore/eventstoredb.ts';
import type { KafkaSettings } from '../../src/adapters/kafka/client.ts';
import { kafkaFeed } from '../../src/adapters/kafka/kafka-feed.ts';
import type { RelayParts } from '../../src/adapters/kafka/relay.ts';
import { relay } from '../../src/adapters/kafka/relay.ts';
import { topicOf } from '../../src/adapters/kafka/topic.ts';
import type { Feed } from '../../src/adapters/postgres/direct-feed.ts';
import { directFeed } from '../../src/adapters/postgres/direct-feed.ts';
import { migrate } from '../../src/adapters/postgres/migrate.ts';
import { projector } from '../../src/adapters/postgres/project.ts';
import { projections } from '../../src/projections/registry.ts';
import { busyLog } from './busy-log.ts';
import { env } from './env.ts';
import { testEventNode } from './event-node.ts';
import { eventually } from './eventually.ts';
import { foldedTables } from './folded-tables.ts';
import { testDatabase } from './postgres.ts';
import { tables } from './tables.ts';

const log = pino({ level: env.logLevel });

/** A log that is being written, a topic of its own on the broker, and a database for the read models. */
export async function kafkaWorld(t: ExecutionContext, brokers: string) {
  const stopping = new AbortController();
  const eventstoreUrl = await testEventNode(t);
  const eventLog = eventStoreDbLog({ url: eventstoreUrl, log, signal: stopping.signal });
  t.teardown(() => {
    stopping.abort();
    return eventLog.close();
  });
  const databaseUrl = await database(t);
  const kafka: KafkaSettings = {
    brokers: [brokers],
    ssl: false,
    sasl: undefined,
    topicPrefix: `${randomUUID().slice(0, 8)}.`,
  };
  const parts = { kafka, databaseUrl, eventLog, log };
  const group = `${kafka.topicPrefix}readers`;

  const startRelay = (more: Partial<RelayParts> = {}) => {
    const running = relay({ ...parts, ...more });
    t.teardown(running.close);
    return running;
  };
  const startFeed = (silentMs = 30_000): Feed => {
    const mine = projector({ databaseUrl, projections, log });
    const running = kafkaFeed({ ...parts, group, projector: mine, silentMs });
    t.teardown(running.close);
    return running;
  };
  const startDirect = (): Feed => {
    const mine = projector({ databaseUrl, projections, log });
    const running = directFeed({ eventLog, projector: mine, log });
    t.teardown(running.close);
    return running;
  };

  /** Where the read models stand, whoever feeds them. */
  const reached = (position: bigint) =>
    eventually(async () => (await least(databaseUrl)) >= position);

  /** The tables hold what a fold of the whole log into an empty database gives. */
  const same = async () =>
    t.deepEqual(await tables(databaseUrl, projections), await foldedTables(t, eventLog));

  return {
    ...{ kafka, databaseUrl, eventstoreUrl, eventLog, topic: topicOf(kafka.topicPrefix) },
    busy: busyLog(eventLog),
    client: new Client({ brokers: [brokers], logLevel: logLevel.NOTHING }),
    ...{ startRelay, startFeed, startDirect, reached, same },
    /** Ends the Postgres session of this name, as a crash between two statements would. */
    cut: (name: string) => cut(databaseUrl, name),
  };
}

async function database(t: ExecutionContext): Promise<string> {
  const url = await testDatabase(t);
  await migrate(url);
  return url;
}

function least(databaseUrl: string): Promise<bigint> {
  return ask(databaseUrl, async (client) => {
    const { rows } = await client.query<{ least: string }>(
      `SELECT coalesce(min(coalesce(position, -1)), -1)::text AS least FROM feed.positions`,
    );
    return BigInt(rows[0]?.least ?? -1);
  });
}

const cut = (databaseUrl: string, name: string): Promise<number> =>
  ask(databaseUrl, async (client) => {
    const { rowCount } = await client.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE datname = current_database() AND application_name = $1`,
      [`llm-member ${name}`],
    );
    return rowCount ?? 0;
  });

async function ask<Result>(
  databaseUrl: string,
  work: (client: pg.Client) => Promise<Result>,
): Promise<Result> {
  const client = new pg.Client(databaseUrl);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

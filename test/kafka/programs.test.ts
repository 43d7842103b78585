import { setTimeout as sleep } from 'node:timers/promises';
import type { ExecutionContext } from 'ava';
import test from 'ava';
import { pino } from 'pino';
import { z } from 'zod';
import { startKafka } from '../../ops/kafka/broker.ts';
import { eventStoreDbLog } from '../../src/adapters/eventstore/eventstoredb.ts';
import { projections } from '../../src/projections/registry.ts';
import { env } from '../support/env.ts';
import { eventually } from '../support/eventually.ts';
import { isExact, settlesDown } from '../support/exactness.ts';
import { foldedTables } from '../support/folded-tables.ts';
import { sellForLoad, startLoad } from '../support/load.ts';
import { startMockUpstream } from '../support/mock-upstream.ts';
import { outage } from '../support/outage.ts';
import { newCustomers, newPerson, request, signIn } from '../support/people.ts';
import { query } from '../support/query.ts';
import { tables } from '../support/tables.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { startTwoPrograms } from '../support/two-programs.ts';

const log = pino({ level: 'silent' });
const inFlight = 40;
const postgresAwayMs = 20_000;

/** Two programs on engines and a Kafka of their own, with people who call all the time. */
async function scene(t: ExecutionContext) {
  const upstream = await startMockUpstream();
  t.teardown(upstream.close);
  const kafka = await startKafka({ dir: await temporaryFolder(t), log });
  t.teardown(() => kafka.stop());
  const cluster = await startTwoPrograms({
    OPENAI_LIKE_BASE_URL: `${upstream.url}/v1`,
    OPENAI_LIKE_API_KEY: 'sk-mock',
    KAFKA_BROKERS: kafka.brokers,
  });
  t.teardown(cluster.stop);
  const program = cluster.program(0);
  const { token } = await signIn(program);
  await sellForLoad(program, token);
  const people = await newCustomers(program, token, '100');
  const load = startLoad({
    urlOf: (worker) => cluster.program(worker % 4 < 2 ? 0 : 1).url,
    people,
    inFlight,
  });

  /** Everything is charged once, and the tables are what a fold of the whole log gives. */
  async function endsExact(): Promise<void> {
    await load.stop();
    await cluster.ready();
    await settlesDown(program, people);
    const { databaseUrl, eventstoreUrl } = cluster.engines;
    await isExact(t, {
      programs: [cluster.program(0), cluster.program(1)],
      ...{ eventstoreUrl, people },
      complete: load.complete,
      upstreamCalls: upstream.asked.length,
    });
    const stopping = new AbortController();
    const eventLog = eventStoreDbLog({ url: eventstoreUrl, log, signal: stopping.signal });
    const expected = await foldedTables(t, eventLog);
    stopping.abort();
    await eventLog.close();
    t.deepEqual(await tables(databaseUrl, projections), expected);
  }
  return { kafka, cluster, program, load, endsExact };
}

const Keys = z.object({ data: z.array(z.object({ id: z.string() })) });

/** What a call with a key is answered. */
const statusOf = async (url: string, key: string): Promise<number> =>
  (await fetch(`${url}/v1/models`, { headers: { authorization: `Bearer ${key}` } })).status;

test.serial('without Kafka calls run and are charged, and a revoked key is refused', async (t) => {
  t.timeout((env.chaosSeconds + 200) * 1_000);
  const { kafka, cluster, program, load, endsExact } = await scene(t);
  const other = cluster.program(1);
  const leaver = await newPerson(program);
  await eventually(async () => (await statusOf(other.url, leaver.key)) === 200);
  await sleep(3_000);
  await kafka.kill();
  const before = load.complete.length;
  // Its id comes from the read model, which knew it before Kafka went.
  const keys = Keys.parse(await request(`${program.url}/api/api-keys`, { token: leaver.token }));
  const id = keys.data[0]?.id ?? '';
  await request(`${program.url}/api/api-keys/${id}`, { method: 'DELETE', token: leaver.token });
  t.is(await statusOf(program.url, leaver.key), 401);
  const since = performance.now();
  await eventually(async () => (await statusOf(other.url, leaver.key)) === 401);
  t.log(`refused elsewhere after ${Math.round(performance.now() - since)} ms`);
  await sleep(env.chaosSeconds * 1_000);
  t.true(load.complete.length > before + inFlight, 'calls go on');
  const failures = [...load.failures()];
  t.deepEqual(failures, [], 'no call fails for want of Kafka');
  await kafka.start();
  await endsExact();
});

test.serial('without Postgres nothing is lost, and nothing need be started again', async (t) => {
  t.timeout(240_000);
  const { cluster, load, endsExact } = await scene(t);
  await sleep(3_000);
  const away = await outage(cluster.engines.databaseUrl);
  await sleep(postgresAwayMs);
  await away.end();
  await cluster.ready();
  const before = load.complete.length;
  await sleep(4_000);
  t.true(load.complete.length > before, 'calls go on');
  const [live] = await query(
    cluster.engines.databaseUrl,
    'SELECT count(*)::int AS n FROM feed.leases WHERE expires_at > now()',
  );
  t.deepEqual(live, { n: 2 });
  await endsExact();
});

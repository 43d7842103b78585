import type { ChildProcess } from 'node:child_process';
import { fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { pino } from 'pino';
import { spawnEventNode } from '../../src/adapters/eventstore/embedded/spawn.ts';
import { eventStoreDbLog } from '../../src/adapters/eventstore/eventstoredb.ts';
import type { Feed } from '../../src/adapters/postgres/direct-feed.ts';
import { directFeed } from '../../src/adapters/postgres/direct-feed.ts';
import { startEmbeddedPostgres } from '../../src/adapters/postgres/embedded.ts';
import { ensureDatabase } from '../../src/adapters/postgres/embedded-database.ts';
import { migrate } from '../../src/adapters/postgres/migrate.ts';
import { projector } from '../../src/adapters/postgres/project.ts';
import { rebuild } from '../../src/adapters/postgres/rebuild.ts';
import { balance } from '../../src/projections/balance.ts';
import { projections } from '../../src/projections/registry.ts';
import { schemaOf } from '../../src/projections/table.ts';
import { startKafka } from '../kafka/broker.ts';
import type { Part } from './kafka-part.ts';
import type { Order, Written } from './log-writer.ts';
import { hardware } from './processes.ts';

/**
 * How fast the read models are filled, beside the bare reading of the same log: from the log, through
 * Kafka, and one of them anew; and how soon what is written can be read. Prints speed and the verdict:
 * both feeds and the rebuild give the same tables, and the books balance. Ends with 1 when they don't;
 * a goal that is missed is only said.
 */
const { values } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, 'no-kafka': { type: 'boolean' } },
});
const size = values.quick
  ? { events: 30_000, wallets: 1_000, live: 2_500, liveSeconds: 4 }
  : { events: 1_000_000, wallets: 10_000, live: 2_500, liveSeconds: 20 };
const silent = pino({ level: 'silent' });
const say = (text: string) => process.stdout.write(`${text}\n`);
const whole = (number: number) => Math.round(number).toLocaleString('en');
const goal = (holds: boolean, text: string) => `${holds ? 'reached' : 'MISSED'} (${text})`;
const wrong: string[] = [];

const dir = await mkdtemp(join(tmpdir(), 'llm-member-bench-'));
const postgres = await startEmbeddedPostgres({ dir: join(dir, 'postgres'), log: silent });
const node = await spawnEventNode({
  databaseUrl: await ensureDatabase(postgres.url('postgres'), 'log'),
  port: 0,
  log: silent,
});
const { signal } = new AbortController();
const eventLog = eventStoreDbLog({ url: node.url, log: silent, signal });
const wholeLog = eventStoreDbLog({ url: node.url, log: silent, signal, wideWindow: true });
const writer = fork(join(import.meta.dirname, 'log-writer.ts'), [
  JSON.stringify({ logUrl: node.url, wallets: size.wallets }),
]);
/** How much of the log there is, and where it ends. */
const log = { written: 0, last: -1n };

try {
  say(hardware());
  await once(writer, 'message');
  const perSecond = await write({ do: 'fill', events: size.events });
  say(
    `${whole(size.events)} events over ${whole(size.wallets)} wallets, written at ${whole(perSecond)}/s`,
  );
  const bare = await readAlone();
  const direct = await fillDirectly();
  await rebuildBalance(direct, bare);
  await seeSoon(direct);
  if (!values['no-kafka']) await fillThroughKafka(direct);
  for (const each of wrong) say(each);
  say(`verdict: ${wrong.length === 0 ? 'exact' : 'WRONG'}`);
  process.exitCode = wrong.length === 0 ? 0 : 1;
} finally {
  writer.disconnect();
  await eventLog.close();
  await wholeLog.close();
  await node.stop();
  await postgres.stop();
  await rm(dir, { recursive: true, force: true });
}

type Seen = Extract<Written, { kind: 'seen' }>;

/** Has more of the log written; resolves to events per second. */
function write(order: Order, saw?: (seen: Seen) => void): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  const told = (message: Written) => {
    if (message.kind === 'seen') return saw?.(message);
    writer.off('message', told);
    log.written = message.written;
    log.last = BigInt(message.last);
    resolve(message.perSecond);
  };
  writer.on('message', told);
  writer.send(order);
  return promise;
}

async function newDatabase(name: string): Promise<string> {
  const url = await ensureDatabase(postgres.url('postgres'), name);
  await migrate(url);
  return url;
}

async function readAlone(): Promise<number> {
  const left = new AbortController();
  const since = performance.now();
  let events = 0;
  for await (const item of eventLog.subscribe({ after: null, signal: left.signal })) {
    if (item.kind === 'caught_up') break;
    events += 1;
  }
  left.abort();
  const rate = (events * 1_000) / (performance.now() - since);
  say(`reading the log alone: ${whole(rate)} events/s`);
  return rate;
}

/** The position of a feed, as often as a turn of the event loop allows. */
async function reaches(feed: Feed, position: bigint): Promise<void> {
  while ((feed.position() ?? -1n) < position) await sleep(5);
}

async function fillDirectly(): Promise<string> {
  const url = await newDatabase('direct');
  const since = performance.now();
  const feed = directFeed({
    eventLog,
    projector: projector({ databaseUrl: url, projections, log: silent }),
    log: silent,
  });
  const { last } = log;
  // Positions of the embedded node count events.
  const tenth = last / 10n;
  await reaches(feed, tenth);
  const early = memory();
  await reaches(feed, last);
  const late = memory();
  const rate = (size.events * 1_000) / (performance.now() - since);
  await feed.close();
  say(`directly, into all read models: ${whole(rate)} events/s`);
  say(`  goal ${goal(rate >= 10_000, '10,000 events/s; stretch 15,000')}`);
  const grown = late / early - 1;
  say(
    `  memory ${early.toFixed(0)} MB at a tenth, ${late.toFixed(0)} MB at the end: ` +
      goal(grown <= 0.2, 'within 20 %'),
  );
  await balances(url, 'directly');
  return url;
}

function memory(): number {
  return process.memoryUsage.rss() / 1_048_576;
}

async function rebuildBalance(databaseUrl: string, bare: number): Promise<void> {
  const since = performance.now();
  const { comparison } = await rebuild(balance, {
    ...{ databaseUrl, eventLog: wholeLog, log: silent, signal },
  });
  const rate = (size.events * 1_000) / (performance.now() - since);
  if (!comparison.same) wrong.push('The rebuild of balance gave other rows.');
  say(`rebuilding balance: ${whole(rate)} events/s, ${(rate / bare).toFixed(2)} of reading alone`);
  say(
    `  goal ${goal(rate >= 20_000 && rate >= bare / 2, '20,000 events/s and 0.5; stretch 25,000 and 0.7')}`,
  );
}

/** While events come at a steady pace: how long until each is in the tables. */
async function seeSoon(databaseUrl: string): Promise<void> {
  const feed = directFeed({
    eventLog,
    projector: projector({ databaseUrl, projections, log: silent }),
    log: silent,
  });
  await reaches(feed, log.last);
  const waiting: { readonly position: bigint; readonly atMs: number }[] = [];
  const seen: number[] = [];
  let going = true;
  const watching = (async () => {
    while (going || waiting.length > 0) {
      const position = feed.position() ?? -1n;
      while (waiting[0] && waiting[0].position <= position) {
        seen.push(Date.now() - (waiting.shift()?.atMs ?? 0));
      }
      await sleep(2);
    }
  })();
  const rate = await write(
    { do: 'go on', eventsPerSecond: size.live, seconds: size.liveSeconds },
    ({ last, atMs }) => waiting.push({ position: BigInt(last), atMs }),
  );
  going = false;
  await watching;
  await feed.close();
  seen.sort((one, other) => one - other);
  const at = (share: number) => seen[Math.floor((seen.length - 1) * share)] ?? 0;
  say(
    `visible at ${whole(rate)} events/s: p50 ${at(0.5).toFixed(0)} ms, p99 ${at(0.99).toFixed(0)} ms`,
  );
  say(
    `  goal ${goal(at(0.99) < 1_000 && rate >= size.live * 0.95, 'p99 < 1 s at 2,500 events/s')}`,
  );
}

/** The relay and both groups are processes of their own, as they are deployed. */
async function fillThroughKafka(direct: string): Promise<void> {
  const kafka = await startKafka({ dir: join(dir, 'kafka'), log: silent });
  const databaseUrl = await newDatabase('kafka');
  const settings = {
    ...{ brokers: kafka.brokers, topicPrefix: `${randomBytes(4).toString('hex')}.` },
    ...{ databaseUrl, logUrl: node.url },
  };
  // The members are there before the first record, so that all of it comes through Kafka.
  const relaying = await startPart({ ...settings, part: 'relay' });
  const members = [
    await startPart({ ...settings, part: 'finance' }),
    await startPart({ ...settings, part: 'analytics' }),
  ];
  const since = performance.now();
  relaying.send('go');
  const { last } = log;
  const rateNow = () => (log.written * 1_000) / (performance.now() - since);
  await stands(databaseUrl, 'SELECT position FROM feed.relay', last);
  say(`relayed to Kafka: ${whole(rateNow())} events/s`);
  await stands(databaseUrl, 'SELECT position FROM feed.positions', last);
  const rate = rateNow();
  say(`through Kafka, relay included, into all read models: ${whole(rate)} events/s`);
  say(`  goal ${goal(rate >= 7_000, '7,000 events/s; stretch 12,000')}`);
  for (const part of [relaying, ...members]) part.disconnect();
  await Promise.all([relaying, ...members].map((part) => once(part, 'exit')));
  await kafka.stop();
  await balances(databaseUrl, 'through Kafka');
  for (const each of projections) {
    const [one, other] = [await digest(direct, each.name), await digest(databaseUrl, each.name)];
    if (one !== other) wrong.push(`${each.name} differs between the two feeds.`);
  }
}

async function startPart(part: Part): Promise<ChildProcess> {
  const child = fork(join(import.meta.dirname, 'kafka-part.ts'), [JSON.stringify(part)]);
  await once(child, 'message');
  return child;
}

/** When every position that a query knows is at least this one. */
async function stands(url: string, query: string, position: bigint): Promise<void> {
  const text = `SELECT bool_and(COALESCE(position, -1) >= ${position}) AS "isThere" FROM (${query}) AS p`;
  for (;;) {
    const [row] = await ask<{ isThere: boolean | null }>(url, text);
    if (row?.isThere) return;
    await sleep(50);
  }
}

/** Every asset's accounts sum to nothing, and there is something in them. */
async function balances(url: string, what: string): Promise<void> {
  const rows = await ask<{ asset: string; total: string; lines: string }>(
    url,
    'SELECT asset, sum(balance)::text AS total, count(*)::text AS lines FROM read.trial_balance GROUP BY asset',
  );
  if (rows.length === 0) wrong.push(`${what}: there is no trial balance.`);
  for (const { asset, total } of rows) {
    if (Number(total) !== 0) wrong.push(`${what}: ${asset} sums to ${total}.`);
  }
}

async function digest(url: string, name: string): Promise<string> {
  const projection = projections.find((each) => each.name === name);
  if (!projection) throw new Error(`There is no ${name}.`);
  const [row] = await ask<{ digest: string }>(
    url,
    `SELECT concat(count(*), ' ', sum(hashtextextended(t::text, 0))) AS digest
     FROM ${schemaOf(projection)}.${name} AS t`,
  );
  return row?.digest ?? '';
}

async function ask<Row extends pg.QueryResultRow>(url: string, text: string): Promise<Row[]> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    return (await client.query<Row>(text)).rows;
  } finally {
    await client.end();
  }
}

import type { ChildProcess } from 'node:child_process';
import { fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { pino } from 'pino';
import { z } from 'zod';
import { spawnEventNode } from '../../src/adapters/eventstore/embedded/spawn.ts';
import { eventStoreDbLog } from '../../src/adapters/eventstore/eventstoredb.ts';
import { runners } from '../../src/adapters/eventstore/runners.ts';
import { walletHistory } from '../../src/adapters/eventstore/wallet-history.ts';
import { startEmbeddedPostgres } from '../../src/adapters/postgres/embedded.ts';
import { ensureDatabase } from '../../src/adapters/postgres/embedded-database.ts';
import { migrate } from '../../src/adapters/postgres/migrate.ts';
import { openPool } from '../../src/adapters/postgres/pool.ts';
import { snapshots } from '../../src/adapters/postgres/snapshots.ts';
import { streamOf } from '../../src/domain/streams.ts';
import { walletAudit } from '../../src/domain/wallet/audit.ts';
import { balances } from '../../src/domain/wallet/wallet.ts';
import { hardware } from './processes.ts';
import { recording, replay } from './raw-appends.ts';
import { chargeOf, granted, openWallet, reserve } from './wallet-commands.ts';
import type { Loaded } from './wallet-load.ts';
import { pairsIn, putPairs, quantile } from './wallet-load.ts';

/**
 * The wallet's writer on the embedded event node, beside bare appends of the same events on the same
 * node. Prints speed and the verdict: every charge exact, nothing held, no invariant broken. Ends
 * with 1 when the verdict is no; a goal that is missed is only said.
 */
const { values } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, only: { type: 'string', multiple: true } },
});
const size = values.quick
  ? { seconds: 2, wallets: 200, resident: 1_000, history: 10_000, colds: 20 }
  : { seconds: 10, wallets: 1_000, resident: 10_000, history: 1_000_000, colds: 100 };
/** `--only hot`, `many`, `two`, `cold`, `memory`; any of them, or all. */
const wants = (part: string) => values.only?.includes(part) ?? true;
const hotLanes = 500;
const clock = () => new Date();
const silent = pino({ level: 'silent' });
const say = (text: string) => process.stdout.write(`${text}\n`);
const whole = (number: number) => Math.round(number).toLocaleString('en');
const goal = (holds: boolean, text: string) => `${holds ? 'reached' : 'MISSED'} (${text})`;

const dir = await mkdtemp(join(tmpdir(), 'llm-member-bench-'));
const postgres = await startEmbeddedPostgres({ dir: join(dir, 'postgres'), log: silent });
const node = await spawnEventNode({
  databaseUrl: await ensureDatabase(postgres.url('postgres'), 'log'),
  port: 0,
  log: silent,
});
const databaseUrl = await ensureDatabase(postgres.url('postgres'), 'reads');
await migrate(databaseUrl);
const pool = await openPool(databaseUrl);
const { signal } = new AbortController();
const eventLog = eventStoreDbLog({ url: node.url, log: silent, signal });
const { log, start, stop } = recording(eventLog);
const kept = snapshots(pool, silent);
const newRunner = () => runners({ log, clock, snapshots: kept }).wallet;
const wrong: string[] = [];

/** Against the log itself: every charge, every leg, every hold. */
async function check(what: string, pairs: ReadonlyMap<string, number>): Promise<void> {
  for (const [walletId, calls] of pairs) {
    const audit = walletAudit();
    for await (const event of walletHistory(log)(walletId)) {
      for (const { what: found } of audit.take(event)) wrong.push(`${what}: ${found}`);
    }
    await checkBalance(what, walletId, calls);
  }
}

async function checkBalance(what: string, walletId: string, calls: number): Promise<void> {
  const { state } = await runners({ log, clock }).wallet.load(streamOf.wallet(walletId));
  const [balance] = balances(state, clock().toISOString());
  const left = granted.minus(chargeOf(calls));
  const isExact = balance?.held.isZero() && balance.posted.eq(left);
  if (!isExact) {
    wrong.push(`${what}: ${balance?.posted.toFixed()} left, ${balance?.held.toFixed()} held`);
  }
}

const tell = (what: string, { seconds, latencies, unknown }: Loaded, pairs: number) =>
  say(
    `${what}: ${whole(pairs / seconds)} pairs/s, ${whole((2 * pairs) / seconds)} commands/s, ` +
      `p50 ${quantile(latencies, 0.5).toFixed(1)} ms, p99 ${quantile(latencies, 0.99).toFixed(1)} ms, ${unknown} asked again`,
  );

async function hot(): Promise<number> {
  const walletId = randomUUID();
  const wallet = newRunner();
  await openWallet(wallet, walletId);
  const load = { lanes: hotLanes, wallets: [walletId] };
  // Both processes compile what they run while it runs.
  const warm = await putPairs(wallet, { ...load, seconds: size.seconds / 2 });
  start();
  const loaded = await putPairs(wallet, { ...load, seconds: size.seconds });
  const raw = await replay(eventLog, stop());
  const pairs = pairsIn(loaded);
  const rate = (2 * pairs) / loaded.seconds;
  tell('one hot wallet', loaded, pairs);
  say(`  goal ${goal(rate >= 10_000, '10,000 commands/s')}`);
  say(`  the same appends bare: ${whole(raw.events)} events/s, ${whole(raw.appends)} appends/s`);
  say(`  of bare: ${(rate / raw.events).toFixed(2)}`);
  await check('one hot wallet', new Map([[walletId, pairs + pairsIn(warm)]]));
  return rate;
}

async function many(): Promise<void> {
  const wallets = Array.from({ length: size.wallets }, () => randomUUID());
  const wallet = newRunner();
  await Promise.all(wallets.map((each) => openWallet(wallet, each)));
  const load = { lanes: size.wallets, wallets };
  const warm = await putPairs(wallet, { ...load, seconds: size.seconds / 2 });
  start();
  const loaded = await putPairs(wallet, { ...load, seconds: size.seconds });
  const raw = await replay(eventLog, stop());
  const pairs = pairsIn(loaded);
  const ratio = (2 * pairs) / loaded.seconds / raw.events;
  tell(`${whole(size.wallets)} wallets`, loaded, pairs);
  say(`  the same appends bare: ${whole(raw.events)} events/s, ${whole(raw.appends)} appends/s`);
  say(`  of bare: ${ratio.toFixed(2)}, goal ${goal(ratio >= 0.7, '0.7')}`);
  const all = wallets.map((id) => [id, (loaded.pairs.get(id) ?? 0) + (warm.pairs.get(id) ?? 0)]);
  await check('many wallets', new Map(z.array(z.tuple([z.string(), z.number()])).parse(all)));
}

const Told = z.object({
  pairs: z.int(),
  warm: z.int(),
  latencies: z.array(z.number()),
  unknown: z.int(),
  seconds: z.number(),
});

/** What a child says next; throws when it ends without a word. */
async function said(child: ChildProcess): Promise<readonly unknown[]> {
  const ended = new AbortController();
  child.once('exit', () => ended.abort(new Error('The second process ended early.')));
  return await once(child, 'message', { signal: ended.signal });
}

async function two(alone: number): Promise<void> {
  const walletId = randomUUID();
  const wallet = newRunner();
  await openWallet(wallet, walletId);
  const child = fork(join(import.meta.dirname, 'wallet-child.ts'), { stdio: 'inherit' });
  const load = { lanes: hotLanes / 2, wallets: [walletId], seconds: size.seconds };
  child.send({ url: node.url, walletId, lanes: load.lanes, seconds: size.seconds });
  await said(child);
  child.send({ start: true });
  const [ours, [message]] = await Promise.all([putPairs(wallet, load), said(child)]);
  const theirs = Told.parse(message);
  const pairs = pairsIn(ours) + theirs.pairs;
  const both = {
    ...ours,
    latencies: [...ours.latencies, ...theirs.latencies],
    unknown: ours.unknown + theirs.unknown,
  };
  tell('two processes on one hot wallet', both, pairs);
  const ratio = (2 * pairs) / ours.seconds / alone;
  const p99 = quantile(both.latencies, 0.99);
  say(`  ours ${whole(pairsIn(ours))} pairs, theirs ${whole(theirs.pairs)}`);
  const isReached = ratio >= 0.3 && p99 < 1_000 && both.unknown === 0;
  say(`  of one: ${ratio.toFixed(2)}, goal ${goal(isReached, '0.3, p99 < 1 s, none asked again')}`);
  await check('two processes', new Map([[walletId, pairs + theirs.warm]]));
}

/** First commands of writers that know nothing; ends every hold it makes. */
async function firstCommands(
  walletId: string,
  newWriter: () => ReturnType<typeof newRunner>,
  many: number,
) {
  const times: number[] = [];
  for (let turn = 0; turn < many; turn += 1) {
    const wallet = newWriter();
    const from = performance.now();
    const settle = await reserve(wallet, walletId);
    times.push(performance.now() - from);
    await settle();
  }
  return times;
}

async function cold(): Promise<void> {
  const measured: { events: number; p99: number }[] = [];
  for (const events of [1_000, size.history]) {
    const walletId = randomUUID();
    const wallet = newRunner();
    await openWallet(wallet, walletId);
    const pairs = Math.floor(events / 2);
    await putPairs(wallet, { lanes: hotLanes, wallets: [walletId], pairs });
    // The last snapshot is written in the background.
    await new Promise((resolve) => setTimeout(resolve, 500));
    const times = await firstCommands(walletId, newRunner, size.colds);
    const p99 = quantile(times, 0.99);
    say(
      `first command on a cold wallet of ${whole(events)} events: ` +
        `p50 ${quantile(times, 0.5).toFixed(1)} ms, p99 ${p99.toFixed(1)} ms, ` +
        `the first of them ${times[0]?.toFixed(1)} ms`,
    );
    const bare = () => runners({ log, clock }).wallet;
    const [unaided = 0] = await firstCommands(walletId, bare, 1);
    say(`  without any snapshot: ${unaided.toFixed(0)} ms`);
    await checkBalance('cold', walletId, pairs + size.colds + 1);
    measured.push({ events, p99 });
  }
  const [short, long] = measured.map(({ p99 }) => p99);
  const ratio = (long ?? 0) / (short ?? 1);
  say(
    `  long to short: ${ratio.toFixed(2)}, goal ${goal(ratio <= 1.5 && (long ?? 0) <= 50, '1.5, p99 ≤ 50 ms')}`,
  );
}

async function memory(): Promise<void> {
  setFlagsFromString('--expose-gc');
  const collect = z.custom<() => void>().parse(runInNewContext('gc'));
  const heap = () => {
    collect();
    collect();
    return process.memoryUsage().heapUsed;
  };
  const open = async (many: number) => {
    const wallets = Array.from({ length: many }, () => randomUUID());
    const wallet = runners({ log: eventLog, clock, mostResident: many }).wallet;
    for (let from = 0; from < many; from += 500) {
      await Promise.all(wallets.slice(from, from + 500).map((each) => openWallet(wallet, each)));
    }
    await putPairs(wallet, { lanes: 200, wallets, pairs: many });
    return { wallet, last: wallets.at(-1) ?? '' };
  };
  // What code, connections and the like take is there before anything is counted.
  await open(500);
  const before = heap();
  const { wallet, last } = await open(size.resident);
  const bytes = (heap() - before) / size.resident;
  // Still resident, or the collector would have had them too.
  await wallet.load(streamOf.wallet(last));
  say(
    `memory: ${(bytes / 1024).toFixed(2)} KiB a resident wallet of ${whole(size.resident)}, goal ${goal(bytes <= 5_120, '5 KB')}`,
  );
}

try {
  say(hardware());
  // Before the others leave something on the heap that may go meanwhile.
  if (wants('memory')) await memory();
  const alone = wants('hot') || wants('two') ? await hot() : 0;
  if (wants('many')) await many();
  if (wants('two')) await two(alone);
  if (wants('cold')) await cold();
  for (const each of wrong.slice(0, 20)) say(each);
  say(wrong.length === 0 ? 'verdict: exact' : `verdict: WRONG, ${wrong.length} findings`);
  process.exitCode = wrong.length === 0 ? 0 : 1;
} finally {
  await eventLog.close();
  await pool.end();
  await node.stop();
  await postgres.stop();
  await rm(dir, { recursive: true, force: true });
}

import { setTimeout as sleep } from 'node:timers/promises';
import type { ExecutionContext } from 'ava';
import test from 'ava';
import type { Recorded } from '../../src/domain/events.ts';
import { env } from '../support/env.ts';
import { isExact, settlesDown } from '../support/exactness.ts';
import type { Load } from '../support/load.ts';
import { sellForLoad, startLoad } from '../support/load.ts';
import type { MockUpstream } from '../support/mock-upstream.ts';
import { startMockUpstream } from '../support/mock-upstream.ts';
import { newCustomers, signIn } from '../support/people.ts';
import type { TwoPrograms, Which } from '../support/two-programs.ts';
import { startTwoPrograms } from '../support/two-programs.ts';
import { streamsOf } from '../support/wallet-history.ts';

const steadyMs = 2_000;
const inFlight = 80;

interface Scene {
  readonly cluster: TwoPrograms;
  readonly upstream: MockUpstream;
  readonly people: Awaited<ReturnType<typeof newCustomers>>;
}

async function scene(
  t: ExecutionContext,
  environment: Readonly<Record<string, string>> = {},
): Promise<Scene> {
  const upstream = await startMockUpstream();
  t.teardown(upstream.close);
  const cluster = await startTwoPrograms({
    OPENAI_LIKE_BASE_URL: `${upstream.url}/v1`,
    OPENAI_LIKE_API_KEY: 'sk-mock',
    ...environment,
  });
  t.teardown(cluster.stop);
  const program = cluster.program(0);
  const { token } = await signIn(program);
  await sellForLoad(program, token);
  return { cluster, upstream, people: await newCustomers(program, token, '100') };
}

const loadOn = ({ cluster, people }: Scene): Load =>
  startLoad({
    urlOf: (worker) => cluster.program(worker % 4 < 2 ? 0 : 1).url,
    people,
    inFlight,
  });

/** The two programs in turn, each time when both have been ready for a while. */
async function killInTurn({ cluster }: Scene, seconds: number): Promise<number> {
  const until = performance.now() + seconds * 1_000;
  let kills = 0;
  for (let which: Which = 0; performance.now() < until; which = which === 0 ? 1 : 0) {
    await sleep(steadyMs);
    await cluster.killProgram(which);
    kills += 1;
  }
  return kills;
}

/** Returns when the programs were ready for the last time. */
async function killEngines({ cluster }: Scene, rounds: number): Promise<number> {
  for (let round = 0; round < rounds; round += 1) {
    for (const engine of ['eventlog', 'postgres'] as const) {
      await sleep(steadyMs);
      await cluster.killEngine(engine);
    }
  }
  return performance.now();
}

async function endsExact(
  t: ExecutionContext,
  { cluster, upstream, people }: Scene,
  { load, readyAt }: { readonly load: Load; readonly readyAt: number },
): Promise<readonly (readonly Recorded[])[]> {
  const stopped = load.stop();
  await settlesDown(cluster.program(0), people, readyAt);
  await stopped;
  t.log('not whole:', Object.fromEntries(load.failures()));
  return isExact(t, {
    programs: [cluster.program(0), cluster.program(1)],
    eventstoreUrl: cluster.engines.eventstoreUrl,
    people,
    complete: load.complete,
    upstreamCalls: upstream.asked.length,
  });
}

test.serial(
  'kill -9 of two programs in turn, then of the engines, leaves every charge exact',
  async (t) => {
    t.timeout(600_000);
    const stage = await scene(t);
    const load = loadOn(stage);
    t.log(await killInTurn(stage, env.chaosSeconds), 'programs killed');
    const before = load.complete.length;
    const readyAt = await killEngines(stage, 2);
    await sleep(steadyMs);
    t.true(load.complete.length > before, 'calls go on after an engine was killed');
    const events = (await endsExact(t, stage, { load, readyAt })).flat();
    t.true(
      events.some(({ meta }) => meta.source === 'sweeper'),
      'holds were left behind',
    );
  },
);

test.serial('the same while wallets go on in a new stream every hundred events', async (t) => {
  t.timeout(600_000);
  const stage = await scene(t, { WALLET_ROLL_EVENTS: '100' });
  const load = loadOn(stage);
  t.log(await killInTurn(stage, env.chaosSeconds / 2), 'programs killed');
  const readyAt = await killEngines(stage, 1);
  const histories = await endsExact(t, stage, { load, readyAt });
  for (const events of histories) {
    const streams = streamsOf(events);
    t.log(`${events.length} events in ${streams.length} streams`);
    t.true(streams.length > 2, 'the wallet has rolled');
    t.deepEqual(brokenChain(events), [], 'each stream opens with what the one before closed with');
  }
});

/** Places where a stream goes on with something else than the one before ended with. */
const brokenChain = (events: readonly Recorded[]) =>
  events.filter((event, index) => {
    if (event.type !== 'WalletPeriodOpened' || event.data.state === null) return false;
    const closed = events[index - 1];
    return !(
      closed?.type === 'WalletPeriodClosed' &&
      closed.data.next === event.stream &&
      closed.data.hash === event.data.hash &&
      closed.meta.recordedAt === event.meta.recordedAt
    );
  });

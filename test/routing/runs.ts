import pino from 'pino';
import { catalogue } from '../../src/adapters/eventstore/catalogue.ts';
import { runners } from '../../src/adapters/eventstore/runners.ts';
import { scenarioNames } from '../../src/domain/budget/scenario-names.ts';
import type { RouteTerms } from '../../src/domain/route/events.ts';
import { streamOf } from '../../src/domain/streams.ts';
import { indexed } from '../../src/indexed.ts';
import { memoryLog } from '../support/memory-log.ts';
import { noCatalogueRows } from '../support/no-rows.ts';
import { budgetRuns } from './budget-runs.ts';
import { simulateCalls } from './calls.ts';
import type { Finding } from './shares.ts';
import { deviation, idsOf, lostOf, percent, routeIn, shareOf, weights } from './shares.ts';
import { comeAndGo } from './troubles.ts';
import { circuitOpenMs, routingWorld } from './world.ts';

async function byWeight(): Promise<readonly Finding[]> {
  const world = routingWorld({ seed: 1 });
  const route = routeIn(world, 'weighted');
  const all = await simulateCalls(world, { count: 100_000, perSecond: 300, route: () => route });
  const off = deviation(all, idsOf(world));
  return [
    {
      rule: 'shares are within 2 % of the weights',
      isFine: off <= 0.02 && lostOf(all) === 0,
      numbers: `${all.length} calls, at most ${percent(off)} off`,
    },
  ];
}

async function withOneDead(): Promise<readonly Finding[]> {
  const world = routingWorld({ seed: 2 });
  for (const each of world.providers) if (each.id === 'bravo') each.health = 'refuses';
  const route = routeIn(world, 'weighted');
  const all = await simulateCalls(world, { count: 50_000, perSecond: 300, route: () => route });
  const living = idsOf(world).filter((id) => id !== 'bravo');
  const off = deviation(all, living);
  const asked = all.filter((each) => each.asked.includes('bravo')).length;
  return [
    {
      rule: 'while one is dead, the others share its calls by their weights',
      isFine: off <= 0.03 && lostOf(all) === 0 && asked < all.length / 100,
      numbers: `${all.length} calls, at most ${percent(off)} off; the dead one was asked by ${asked}`,
    },
  ];
}

async function dying(): Promise<readonly Finding[]> {
  // Seldom enough that the only one left doesn't fail a call three times in a row by chance.
  const world = routingWorld({ seed: 3, failing: 0.003 });
  const changes = comeAndGo(world, { everyMs: 30_000, times: 40 });
  const route = routeIn(world, 'auto');
  const all = await simulateCalls(world, { count: 100_000, perSecond: 100, route: () => route });
  const attempts = all.reduce((sum, { asked }) => sum + asked.length, 0);
  return [
    {
      rule: 'no call is lost while upstreams die and return and one lives',
      isFine: lostOf(all) === 0,
      numbers: `${all.length} calls, ${lostOf(all)} lost, ${attempts} attempts, ${changes.deaths()} deaths`,
    },
  ];
}

async function cheapest(): Promise<readonly Finding[]> {
  const world = routingWorld({ seed: 4 });
  const changes = comeAndGo(world, { everyMs: 60_000, times: 12 });
  const route = routeIn(world, 'cheapest', { sticky: true });
  const all = await simulateCalls(world, {
    ...{ count: 30_000, perSecond: 50, route: () => route },
    session: (n) => `session ${n % 50}`,
  });
  // Who has come back is not known before its circuit is due, and one call finds it out.
  // Nor does a call go on with who died under it.
  const settled = all.filter(
    ({ atMs }) =>
      changes.sinceChange(atMs) > circuitOpenMs + 3_000 &&
      changes.sinceChange(atMs + 3_000) > 3_000,
  );
  const wrong = settled.filter(({ atMs, by }) => by !== changes.livingAt(atMs)[0]);
  return [
    {
      rule: 'the cheapest that is well answers',
      isFine: wrong.length === 0 && settled.length > all.length / 3 && lostOf(all) === 0,
      numbers: `${settled.length} calls, ${wrong.length} by another; ${lostOf(all)} of ${all.length} lost`,
    },
  ];
}

async function leastLoaded(): Promise<readonly Finding[]> {
  const world = routingWorld({ seed: 5, knowsCapacity: true });
  const route = routeIn(world, 'least_loaded');
  const all = await simulateCalls(world, { count: 30_000, perSecond: 700, route: () => route });
  const loads = world.providers.map(({ id, mostInFlight, capacity }) => ({
    ...{ id, mostInFlight, capacity },
  }));
  return [
    {
      rule: 'nobody gets more calls at once than it takes while others have room',
      isFine: loads.every((each) => each.mostInFlight <= each.capacity) && lostOf(all) === 0,
      numbers: loads
        .map(({ id, mostInFlight, capacity }) => `${id} ${mostInFlight}/${capacity}`)
        .join(', '),
    },
  ];
}

async function sticky(): Promise<readonly Finding[]> {
  const world = routingWorld({ seed: 6 });
  const route = routeIn(world, 'weighted', { sticky: true });
  const session = (n: number) => `session ${n % 5_000}`;
  const all = await simulateCalls(world, {
    ...{ count: 50_000, perSecond: 300, route: () => route, session },
  });
  const homes = new Map<string, Set<string | undefined>>();
  for (const { n, by } of all) {
    homes.set(session(n), (homes.get(session(n)) ?? new Set()).add(by));
  }
  const torn = [...homes.values()].filter(({ size }) => size > 1).length;
  const most = Math.max(
    ...idsOf(world).map((id) => Math.abs(shareOf(all, id) - (weights[id] ?? 0) / 100)),
  );
  return [
    {
      rule: 'a session stays where it is, and sessions spread by the weights',
      isFine: torn === 0 && most <= 0.02,
      numbers: `${homes.size} sessions, ${torn} torn, at most ${percent(most)} of all calls off`,
    },
  ];
}

/** The operator's change goes through the decider, the log and the process's own index. */
async function switchedLive(): Promise<readonly Finding[]> {
  const log = memoryLog();
  const clock = () => new Date(0);
  const rows = () => Promise.resolve(noCatalogueRows);
  const logger = pino({ level: 'silent' });
  const index = catalogue({ log, logger, rows, clock, scenarios: scenarioNames() });
  const { run } = indexed(runners({ log, clock }).route, index.apply);
  const put = (commandId: string, terms: RouteTerms) =>
    run(streamOf.route('m'), () => ({ type: 'ChangeRoute', alias: 'm', ...terms }), {
      ...{ commandId, correlationId: 'routing', source: 'test', at: clock().toISOString() },
      actor: { type: 'system', id: 'test' },
    });
  const world = routingWorld({ seed: 7 });
  const route = () => {
    const terms = index.routeOf('m');
    if (!terms) throw new Error('There is no route.');
    return terms;
  };
  const findings: Finding[] = [];
  const only = (part: 'cost' | 'latency') => {
    const scoring = { load: 0, cost: 0, latency: 0, health: 0, [part]: 1 };
    return routeIn(world, 'auto', { scoring });
  };
  // All have been asked before, so that their speed is known.
  await put('0', routeIn(world, 'weighted'));
  await simulateCalls(world, { count: 1_000, perSecond: 100, route });
  for (const [name, terms, expected] of [
    ['auto, cost alone', only('cost'), 'alpha'],
    ['auto, latency alone', only('latency'), 'echo'],
    ['cheapest', routeIn(world, 'cheapest'), 'alpha'],
    ['fastest', routeIn(world, 'fastest'), 'echo'],
  ] as const) {
    await put(name, terms);
    const all = await simulateCalls(world, { count: 500, perSecond: 100, route });
    const wrong = all.filter(({ by }) => by !== expected).length;
    findings.push({
      rule: `a change to ${name} is effective from the next call on`,
      isFine: wrong === 0,
      numbers: `${all.length} calls, ${wrong} not to ${expected}`,
    });
  }
  await index.close();
  return findings;
}

/** Every run, by what it is about. */
export const runs: Readonly<Record<string, () => Promise<readonly Finding[]>>> = {
  weights: byWeight,
  'one dead': withOneDead,
  'come and go': dying,
  cheapest,
  'least loaded': leastLoaded,
  sessions: sticky,
  'live switch': switchedLive,
  ...budgetRuns,
};

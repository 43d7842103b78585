import type { OpenCall } from '../../src/adapters/llm/journal.ts';
import type { Recorded } from '../../src/domain/events.ts';
import { streamOf } from '../../src/domain/streams.ts';
import type { Cost } from '../../src/domain/wallet/call-events.ts';
import { projections } from '../../src/projections/registry.ts';
import type { ClientCall } from './calls.ts';
import { callFrom } from './calls.ts';
import type { Chance } from './chance.ts';
import { chance } from './chance.ts';
import type { Judgement } from './check-run.ts';
import { checkRun, checkWallets } from './check-run.ts';
import { bookOf } from './check-wallet.ts';
import type { EventServer } from './event-server.ts';
import { eventServer } from './event-server.ts';
import { journalTable } from './journal-table.ts';
import { leaseTable } from './lease-table.ts';
import type { Made, Order } from './orders.ts';
import { ask, grant, otherOrder } from './orders.ts';
import type { ProcessWorld, SimulatedProcess } from './process.ts';
import { startProcess } from './process.ts';
import type { Cells, ReadSide, Table } from './read-side.ts';
import { cellOf, readSide } from './read-side.ts';
import type { Rules } from './rules.ts';
import type { Schedule } from './schedule.ts';
import { schedule as newSchedule } from './schedule.ts';
import { standStillSoon, trouble } from './trouble.ts';
import { upstreams } from './upstream.ts';
import { mustHold, Violation } from './violation.ts';
import { simulateIn } from './virtual-time.ts';
import { weatherOf } from './weather.ts';

/** What came of one seed. */
export interface Run {
  readonly seed: number;
  /** The rule that was broken, and how; null: none. */
  readonly violation: string | null;
  readonly trace: readonly string[];
  readonly counts: Readonly<Record<string, number>>;
}

export interface RunOptions {
  readonly rules: Rules;
  readonly isTraced?: boolean;
}

/** From now on nothing goes wrong any more; so long it may take until nothing is open. */
const quietMs = 40_000;

/** One run: some processes, wallets, calls and troubles, all of it decided by the seed. */
export async function run(seed: number, { rules, isTraced = false }: RunOptions): Promise<Run> {
  const random = chance(seed);
  const schedule = newSchedule(random, isTraced);
  simulateIn({ schedule, random });
  const overrun = seed % 2 === 0 ? 'absorbed' : 'owed';
  const scene = sceneOf(random, schedule, { rules, overrun });
  let violation: string | null = null;
  try {
    await play(scene);
  } catch (error) {
    if (!(error instanceof Violation)) throw error;
    violation = error.message;
  }
  scene.end();
  return { seed, violation, trace: schedule.trace, counts: scene.counts() };
}

/** Read models that nothing here feeds. */
const ofOthers = new Set([
  'members',
  'member_roles',
  'api_keys',
  'sessions',
  'price_lists',
  'routes',
]);

type Scene = ReturnType<typeof sceneOf>;

function sceneOf(
  random: Chance,
  schedule: Schedule,
  { rules, overrun }: Pick<ProcessWorld, 'rules' | 'overrun'>,
) {
  const weather = weatherOf(random);
  const models = projections.filter(({ name }) => !ofOthers.has(name));
  const written = new Map<string, number>();
  const server = eventServer((events) => {
    for (const { id } of events) written.set(id, schedule.nowMs());
    feed.written(events);
    deliverLater();
  });
  const feed = readSide(models, server.read);
  const holds = feed.tables.find(({ projection }) => projection.name === 'open_holds');
  const lagMs = random.pick([30, 200, 1_500]);
  const leases = leaseTable(schedule.nowMs);
  const providers = upstreams(random);
  const walletIds = Array.from({ length: random.whole(1, 2) }, () => random.uuid());
  const calls: ClientCall[] = [];
  const orders: Order[] = [];
  const heard = hearing(schedule);
  const processes: SimulatedProcess[] = [];

  function deliverLater(): void {
    schedule.after(random.between(1, lagMs), deliver, { owner: null });
  }

  function deliver(): void {
    if (deliverSome(feed, random)) deliverLater();
  }

  const world: ProcessWorld = {
    random,
    schedule,
    weather,
    server,
    flying: 0,
    rules,
    leases,
    mostEvents: random.pick([4, 12, 50_000]),
    overrun,
    upstreams: providers.byId,
    journal: journalTable(),
    openCalls: () => (holds ? callsIn(holds) : []),
    ...heard,
  };
  const living = () => processes.filter(({ isAlive }) => isAlive);

  return {
    ...world,
    ...heard,
    flying: () => world.flying,
    ...{ models, walletIds, calls, orders, feed, living },
    openHolds: () => holds?.rows.size ?? 0,
    upstream: providers.bookOf,
    writtenMs: ({ id }: Pick<Recorded, 'id'>) => written.get(id) ?? 0,
    start: () => void processes.push(startProcess(world, `p${processes.length + 1}`)),
    call(walletId: string) {
      const process = random.some(living());
      if (process) calls.push(callFrom({ random, schedule }, process, walletId));
    },
    order(order: Order) {
      if (!orders.some(({ key }) => key === order.key)) orders.push(order);
      const process = random.some(living());
      if (process) ask(order, process, schedule);
      return process;
    },
    end() {
      for (const process of processes) process.isAlive = false;
    },
    counts: () => countsOf(server, calls, processes.length),
  };
}

/** What processes say of themselves and of their calls. */
function hearing({ nowMs }: Schedule) {
  const judgements: Judgement[] = [];
  const told = new Map<string, readonly Cost[]>();
  return {
    judgements,
    judges: (processId: string) => void judgements.push({ processId, askedMs: nowMs() }),
    told: (callId: string, costs: readonly Cost[]) => void told.set(callId, costs),
    toldBy: (callId: string) => told.get(callId),
  };
}

/** Some unit gets some of what it lacks, and some of what it has; false: nothing lacks. */
function deliverSome(feed: ReadSide, random: Chance): boolean {
  const unit = random.some(feed.units().filter(({ seen, all }) => seen < all));
  if (!unit) return false;
  const from = Math.max(0, unit.seen - random.pick([0, 0, 1, 5]));
  feed.deliver(unit.unit, { from, to: unit.seen + random.whole(1, 8) });
  return true;
}

/** Calls that the read model, which may lag, has as open. */
function callsIn(holds: Table): readonly OpenCall[] {
  const cell = (cells: Cells, name: string) => cellOf(holds, cells, name);
  return [...holds.rows.values()].map((cells) => ({
    callId: cell(cells, 'call_id'),
    walletId: cell(cells, 'wallet_id'),
    processId: cell(cells, 'process_id'),
    requestId: cell(cells, 'request_id'),
    beganAt: cell(cells, 'at'),
  }));
}

function countsOf(server: EventServer, calls: readonly ClientCall[], processes: number) {
  const endedAs = (wanted: ClientCall['end']) => calls.filter(({ end }) => end === wanted).length;
  const events = server.events.map(server.read);
  return {
    events: events.length,
    calls: calls.length,
    complete: endedAs('complete'),
    refused: endedAs('refused'),
    processes,
    rolls: events.filter(({ type }) => type === 'WalletPeriodClosed').length,
    swept: events.filter(({ meta }) => meta.source === 'sweeper').length,
    owed: events.filter(
      (event) => event.type === 'OverageAccrued' && event.data.treatment === 'owed',
    ).length,
    late: events.filter(({ type }) => type === 'LateSettlementPosted').length,
    uncharged: events.filter(({ type }) => type === 'LateCostsPosted').length,
    evidence: events.filter((event) => event.type === 'UsageSettled' && event.data.swept).length,
  };
}

async function play(scene: Scene): Promise<void> {
  const { random, schedule, weather, walletIds, calls, orders } = scene;
  const loadMs = random.between(8_000, 25_000);
  for (let count = random.whole(2, 3); count > 0; count -= 1) scene.start();
  for (const walletId of walletIds) plan(scene, walletId, loadMs);
  trouble(scene, loadMs);
  await schedule.runUntil(loadMs);
  weather.isFair = true;
  weather.logDownUntilMs = 0;
  weather.postgresDownUntilMs = 0;
  schedule.note('world: from here on nothing goes wrong');
  const isQuiet = () =>
    schedule.nowMs() > loadMs &&
    scene.flying() === 0 &&
    scene.openHolds() === 0 &&
    scene.feed.units().every(({ seen, all }) => seen === all) &&
    orders.every(({ replies }) => replies.length > 0) &&
    calls.every(({ end, process }) => end !== undefined || !process.isAlive);
  const untilMs = loadMs + quietMs;
  do {
    await schedule.runUntil(untilMs, isQuiet);
    // What nobody waits for has its time too.
    await schedule.runUntil(schedule.nowMs() + 2_500);
  } while (!isQuiet() && schedule.nowMs() < untilMs);
  const { upstream, toldBy, writtenMs, server, leases, models, feed, judgements } = scene;
  checkRun({
    walletIds,
    server,
    calls,
    orders,
    judgements,
    upstream,
    toldBy,
    writtenMs,
    tables: feed.tables,
    projections: models,
    lapses: leases.lapses,
  });
  await checkResident(scene);
}

/** Credit first, then calls in bursts and an administrator at work. */
function plan(scene: Scene, walletId: string, loadMs: number): void {
  const { random, schedule, server } = scene;
  let orders = 0;
  const order = (make: () => Made) => {
    const { rival, ...made } = make();
    orders += 1;
    const key = `${walletId.slice(0, 4)} ${made.type} ${orders}`;
    if (rival) schedule.after(random.between(0, 4_000), () => order(() => rival));
    const wanted: Order = { ...made, key, walletId, replies: [], commandId: undefined };
    const process = scene.order(wanted);
    if (process && random.is(0.1)) standStillSoon(scene, process, loadMs);
    if (random.is(0.2)) schedule.after(random.between(0, 500), () => scene.order(wanted));
    askAgain(scene, wanted);
  };
  const look = () =>
    server.events.filter(({ stream }) => stream.startsWith(`wallet-${walletId}@`)).map(server.read);
  const draw = () => ({ random, walletId, nowMs: schedule.nowMs(), events: look(), look });
  for (let count = random.whole(1, 3); count > 0; count -= 1) {
    const make = () => grant(draw(), random.between(0.5, 5));
    schedule.after(random.between(0, 400), () => order(make));
  }
  for (let count = random.whole(0, 5); count > 0; count -= 1) {
    schedule.after(random.between(1_000, loadMs), () => order(() => otherOrder(draw())));
  }
  for (let bursts = random.whole(1, 3); bursts > 0; bursts -= 1) {
    const atMs = random.between(500, loadMs);
    for (let count = random.whole(1, 5); count > 0; count -= 1) {
      schedule.after(atMs + random.between(0, 20), () => scene.call(walletId));
    }
  }
}

/** Whoever gets no answer asks again, until there is one. */
function askAgain(scene: Scene, order: Order): void {
  const again = () => {
    if (order.replies.length > 0) return;
    scene.order(order);
    askAgain(scene, order);
  };
  scene.schedule.after(scene.random.between(3_000, 12_000), again, { owner: null });
}

/** What the processes hold in memory is what the log says, once nothing more is written. */
async function checkResident(scene: Scene): Promise<void> {
  const { living, schedule, server, walletIds } = scene;
  const written = server.events.length;
  const found: (readonly [string, string, string])[] = [];
  for (const process of living()) {
    for (const id of walletIds) {
      process.start(async () => {
        const { state } = await process.wallet.load(streamOf.wallet(id));
        found.push([process.name, id, bookOf(state)]);
      });
    }
  }
  await schedule.runUntil(schedule.nowMs() + 500);
  mustHold(found.length === living().length * walletIds.length, 'load', () => 'it takes too long');
  // Whoever looks completes what a killed process has half done, and a late retry may close a book.
  if (server.events.length > written) return checkResident(scene);
  const wallets = checkWallets({ server, walletIds });
  for (const [name, id, book] of found) {
    const wallet = wallets.get(id);
    const isSame = wallet !== undefined && book === bookOf(wallet);
    mustHold(isSame, 'I2', () => `${name} holds another state of ${id}`);
  }
}

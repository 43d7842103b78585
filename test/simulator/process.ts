import { setTimeout as sleep } from 'node:timers/promises';
import pino from 'pino';
import type { Once } from '../../src/adapters/eventstore/once.ts';
import { once } from '../../src/adapters/eventstore/once.ts';
import { runners } from '../../src/adapters/eventstore/runners.ts';
import type { OpenCall, Testimony } from '../../src/adapters/llm/journal.ts';
import type { Metered } from '../../src/adapters/llm/metered.ts';
import { metered } from '../../src/adapters/llm/metered.ts';
import type { Catalogue } from '../../src/adapters/llm/plan-call.ts';
import type { Upstream } from '../../src/adapters/llm/upstream.ts';
import { upstreamWatch } from '../../src/adapters/llm/upstream-watch.ts';
import { journalWriter } from '../../src/adapters/postgres/journal-writer.ts';
import { overdueFirst } from '../../src/adapters/postgres/overdue.ts';
import { sweeper } from '../../src/adapters/postgres/sweeper.ts';
import { plainAlias } from '../../src/domain/alias/events.ts';
import { scenarioNames } from '../../src/domain/budget/scenario-names.ts';
import { Rejection } from '../../src/domain/rejection.ts';
import type { Cost, Treatment } from '../../src/domain/wallet/call-events.ts';
import { routeTo } from '../support/routes.ts';
import { price } from '../support/wallets.ts';
import { upstreamCosts } from './check-costs.ts';
import type { JournalTable } from './journal-table.ts';
import type { LeaseTable } from './lease-table.ts';
import type { Connection } from './postgres.ts';
import { connectionOf, goneCallsIn, leaseOf } from './postgres.ts';
import { ratedAlias } from './rate-book.ts';
import type { Rules, WalletRunner } from './rules.ts';
import type { Owner, Schedule } from './schedule.ts';
import type { World } from './wire.ts';
import { wireOf } from './wire.ts';

/** A month ends during every run. */
export const epochMs = Date.parse('2026-01-31T23:59:40.000Z');

/** One process of the program, with the real code of everything that has to do with money. */
export interface SimulatedProcess extends Owner {
  readonly processId: string;
  readonly postgres: Connection;
  readonly wallet: WalletRunner;
  /** The same, for what administrators order. */
  readonly orders: WalletRunner;
  readonly preventing: Rules['preventing'];
  readonly metered: Metered;
  readonly once: Once;
  /** New calls are let in. */
  isReady(): boolean;
  /** Runs something in it. */
  start(work: () => unknown): void;
}

export interface ProcessWorld extends World {
  readonly rules: Rules;
  /** A wallet's stream with so many is closed. */
  readonly mostEvents: number;
  readonly overrun: Treatment;
  readonly leases: LeaseTable;
  readonly journal: JournalTable;
  readonly upstreams: ReadonlyMap<string, Upstream>;
  /** Calls that may be open, as the read model knows. */
  readonly openCalls: () => readonly OpenCall[];
  readonly judges: (processId: string) => void;
  /** A call that outlived its hold has said what it cost, and has its answer. */
  readonly told: (callId: string, costs: readonly Cost[]) => void;
}

const log = pino({ level: 'silent' });

const wide = { requestsPerMinute: 10_000, tokensPerMinute: 100_000_000, concurrent: 10_000 };
const catalogue: Catalogue = {
  priceOf: (alias) => ({ ...price, alias, defaultMaxOutput: 64 }),
  aliasOf: (alias) => (alias === ratedAlias ? { ...plainAlias, limits: wide } : plainAlias),
  routeOf: () =>
    routeTo(
      Object.entries(upstreamCosts).map(([upstream, cost]) => ({
        ...{ upstream, model: 'demo', weight: 1, cost },
      })),
    ),
};

const askedIn = ({ nowMs }: Schedule) => ({
  nowMs,
  watch: upstreamWatch({ nowMs, capacityOf: () => null, circuitOpenMs: 5_000, log }),
  retrying: { attempts: 4, retries: 1, firstPauseMs: 250, longestPauseMs: 1_000, windowMs: 5_000 },
});

export function startProcess(world: ProcessWorld, name: string): SimulatedProcess {
  const { random, schedule, rules, journal } = world;
  const processId = random.uuid();
  const owner: Owner = { name, isAlive: true, stalledUntilMs: 0 };
  const skewMs = Math.round(random.between(-200, 200));
  const clock = () => new Date(epochMs + Math.floor(schedule.nowMs()) + skewMs);
  const wire = wireOf(world, owner);
  const ownLog = { ...wire, append: rules.seeThrough(wire) };
  const postgres = connectionOf(world, owner);
  const lease = leaseOf(world, processId, postgres);
  const resolving = {
    gone: goneOf(world, processId, postgres),
    testimony: testimonyOf(journal, postgres),
    lease: rules.judge(lease),
    overrun: world.overrun,
    clock,
    log,
  };
  const bare = runners({ log: ownLog, clock, mostEvents: world.mostEvents }).wallet;
  const wallet = overdueFirst(bare, { ...resolving, processId });
  const { sweep } = sweeper({ ...resolving, wallet });

  async function keepSweeping(): Promise<void> {
    for (;;) {
      await sleep(1_000);
      await sweep().catch(() => undefined);
    }
  }

  const start = (work: () => unknown) => void schedule.after(0, work, { owner });
  start(() => {
    void lease.keep();
    void keepSweeping();
  });
  return Object.assign(owner, {
    processId,
    postgres,
    wallet,
    orders: rules.orderRunner(wallet),
    preventing: rules.preventing,
    metered: metered({
      wallet: listening(rules.callRunner(wallet), world),
      catalogue,
      upstreams: world.upstreams,
      processId,
      random: random.number,
      ...{ ...askedIn(schedule), scenarios: scenarioNames() },
      journal: journalWriter({
        write: (notes) => postgres.run(() => journal.write(notes)),
        remove: (callIds) => postgres.run(() => journal.remove(callIds)),
        log,
      }),
      refused: () => undefined,
      overrun: world.overrun,
      clock,
      log,
      totalMs: 12_000,
    }),
    once: once({
      log: ownLog,
      clock,
      replyOf: ({ code }) => ({ status: 409, body: { code } }),
    }),
    isReady: lease.held,
    start,
  });
}

/** Hears what calls say late, whatever becomes of it. */
const listening = (runner: WalletRunner, { told }: ProcessWorld): WalletRunner => ({
  ...runner,
  async run(stream, command, context) {
    const answer = runner.run(stream, command, context);
    const said = command(context.at);
    if (said.type === 'PostLateSettlement') {
      await answer.catch((error) => {
        if (!(error instanceof Rejection)) throw error;
      });
      told(said.callId, said.costs);
    }
    return await answer;
  },
});

function goneOf(world: ProcessWorld, processId: string, connection: Connection) {
  const { leases, journal, rules, schedule, openCalls, judges } = world;
  return goneCallsIn({
    isGone: (call) => rules.isLapsed(leases.expiresAtMs(call.processId), schedule.nowMs()),
    known: () => [
      ...new Map([...openCalls(), ...journal.open()].map((call) => [call.callId, call])).values(),
    ],
    connection,
    judges: () => judges(processId),
  });
}

const testimonyOf = (journal: JournalTable, connection: Connection): Testimony => ({
  take: (calls) => connection.run(() => journal.take(calls)),
  resolved: (callIds) => connection.run(() => journal.resolved(callIds)),
});

import { setTimeout as sleep } from 'node:timers/promises';
import pino from 'pino';
import type { Once } from '../../src/adapters/eventstore/once.ts';
import { once } from '../../src/adapters/eventstore/once.ts';
import { runners } from '../../src/adapters/eventstore/runners.ts';
import type { Metered } from '../../src/adapters/llm/metered.ts';
import { metered } from '../../src/adapters/llm/metered.ts';
import type { Catalogue } from '../../src/adapters/llm/plan-call.ts';
import type { Upstream } from '../../src/adapters/llm/upstream.ts';
import { leaseState, renewEveryMs } from '../../src/adapters/postgres/lease-state.ts';
import { sweeper } from '../../src/adapters/postgres/sweeper.ts';
import type { AbandonedHold } from '../../src/projections/open-holds.ts';
import { price } from '../support/wallets.ts';
import type { LeaseTable } from './lease-table.ts';
import type { Rules, WalletRunner } from './rules.ts';
import type { Owner } from './schedule.ts';
import { wayMs } from './weather.ts';
import type { World } from './wire.ts';
import { wireOf } from './wire.ts';

export const epochMs = Date.parse('2026-01-31T23:59:20.000Z');

/** One process of the program, with the real code of everything that has to do with money. */
export interface SimulatedProcess extends Owner {
  readonly processId: string;
  /** Until then it can't reach Postgres, though others can. */
  postgresDownUntilMs: number;
  readonly wallet: WalletRunner;
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
  readonly leases: LeaseTable;
  readonly upstreams: ReadonlyMap<string, Upstream>;
  readonly abandoned: (most: number, askedBy: string) => readonly AbandonedHold[];
}

const log = pino({ level: 'silent' });
const retryMs = 250;

const catalogue: Catalogue = {
  priceOf: (alias) => ({ ...price, alias, defaultMaxOutput: 64 }),
  routeOf: () => ['a', 'b'].map((upstream) => ({ upstream, model: 'demo', weight: 1 })),
};

export function startProcess(world: ProcessWorld, name: string): SimulatedProcess {
  const { random, schedule, weather, rules, leases } = world;
  const processId = random.uuid();
  const owner: Owner = { name, isAlive: true, stalledUntilMs: 0 };
  const skewMs = Math.round(random.between(-200, 200));
  const clock = () => new Date(epochMs + Math.floor(schedule.nowMs()) + skewMs);
  const wire = wireOf(world, owner);
  const ownLog = { ...wire, append: rules.seeThrough(wire) };
  const { wallet } = runners({ log: ownLog, clock, mostEvents: world.mostEvents });
  const lease = leaseState(schedule.nowMs);

  const process: SimulatedProcess = Object.assign(owner, {
    processId,
    postgresDownUntilMs: 0,
    wallet,
    metered: metered({
      wallet: rules.callRunner(wallet),
      catalogue,
      upstreams: world.upstreams,
      processId,
      random: random.number,
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
    start: (work: () => unknown) => void schedule.after(0, work, { owner }),
  });

  /** A statement in Postgres, which may not answer. */
  const inPostgres = <Answer>(run: () => Answer): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const isDown = () =>
        schedule.nowMs() < Math.max(weather.postgresDownUntilMs, process.postgresDownUntilMs);
      const fail = () => {
        const step = () => reject(new Error('Postgres is away.'));
        schedule.after(random.between(1, renewEveryMs), step, { owner });
      };
      const arrived = () => {
        if (isDown()) return fail();
        const answer = run();
        schedule.after(wayMs(weather, random), () => resolve(answer), { owner });
      };
      schedule.after(wayMs(weather, random), arrived, { owner: null });
    });

  async function keepLease(): Promise<void> {
    for (;;) {
      const askedAt = schedule.nowMs();
      const isRenewed = await inPostgres(() => leases.renew(processId))
        .then(() => true)
        .catch(() => false);
      if (isRenewed) lease.renewed(askedAt);
      else lease.broke();
      await sleep(isRenewed ? renewEveryMs : retryMs);
    }
  }

  const { sweep } = sweeper({
    abandoned: (most) => inPostgres(() => world.abandoned(most, processId)),
    lease: rules.judge(lease),
    wallet,
    clock,
    log,
  });

  async function keepSweeping(): Promise<void> {
    for (;;) {
      await sleep(1_000);
      await sweep().catch(() => undefined);
    }
  }

  process.start(() => {
    void keepLease();
    void keepSweeping();
  });
  return process;
}

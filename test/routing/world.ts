import pino from 'pino';
import { CallFault } from '../../src/adapters/llm/call-fault.ts';
import type { FirstAnswer } from '../../src/adapters/llm/first-answer.ts';
import type { UpstreamWatch } from '../../src/adapters/llm/upstream-watch.ts';
import { upstreamWatch } from '../../src/adapters/llm/upstream-watch.ts';
import type { Chance } from '../simulator/chance.ts';
import { chance } from '../simulator/chance.ts';
import type { Schedule } from '../simulator/schedule.ts';
import { schedule } from '../simulator/schedule.ts';

/** How an upstream is: well, or one of the ways in which they are not. */
export type Health = 'well' | 'refuses' | 'errors' | 'hangs' | 'limits';

/** An upstream of which everything is known; the code under test knows what it has seen. */
export interface Provider {
  readonly id: string;
  /** Per one million tokens of each class. */
  readonly price: string;
  readonly latencyMs: number;
  readonly capacity: number;
  health: Health;
  inFlight: number;
  mostInFlight: number;
}

export interface RoutingWorld {
  readonly random: Chance;
  readonly time: Schedule;
  readonly providers: readonly Provider[];
  readonly watch: UpstreamWatch;
  /** Virtual. */
  sleep(ms: number): Promise<void>;
  answer(id: string): Promise<FirstAnswer>;
}

/** The dearer, the faster. */
const everybody = [
  { id: 'alpha', price: '1', latencyMs: 900, capacity: 150 },
  { id: 'bravo', price: '2', latencyMs: 600, capacity: 120 },
  { id: 'charlie', price: '3', latencyMs: 400, capacity: 90 },
  { id: 'delta', price: '4', latencyMs: 250, capacity: 60 },
  { id: 'echo', price: '5', latencyMs: 120, capacity: 30 },
] as const;

const hangMs = 2_000;
export const circuitOpenMs = 15_000;

interface WorldOptions {
  readonly seed: number;
  /** The share of calls that fail although the upstream is well. */
  readonly failing?: number;
  /** The operator has said what each takes. */
  readonly knowsCapacity?: boolean;
}

export function routingWorld({ seed, failing = 0, knowsCapacity }: WorldOptions): RoutingWorld {
  const random = chance(seed);
  const time = schedule(random, false);
  const providers: readonly Provider[] = everybody.map((each) => ({
    ...each,
    ...{ health: 'well', inFlight: 0, mostInFlight: 0 },
  }));
  const find = (id: string) => providers.find((each) => each.id === id);
  const sleep = (ms: number) => new Promise<void>((resolve) => void time.after(ms, resolve));
  const capacityOf = (id: string) => (knowsCapacity ? (find(id)?.capacity ?? null) : null);

  const answered = async (provider: Provider): Promise<FirstAnswer> => {
    await refusing(provider, sleep);
    await sleep(provider.latencyMs * random.between(0.7, 1.3));
    if (provider.health !== 'well' || random.is(failing)) throw fault({ passing: true });
    return { stream: false, body: {} };
  };

  return {
    ...{ random, time, providers, sleep },
    watch: upstreamWatch({
      nowMs: time.nowMs,
      capacityOf,
      circuitOpenMs,
      log: pino({ level: 'silent' }),
    }),
    async answer(id) {
      const provider = find(id);
      if (!provider) throw new Error(`There is no ${id}.`);
      provider.inFlight += 1;
      provider.mostInFlight = Math.max(provider.mostInFlight, provider.inFlight);
      try {
        return await answered(provider);
      } finally {
        provider.inFlight -= 1;
      }
    },
  };
}

async function refusing({ health }: Provider, sleep: RoutingWorld['sleep']): Promise<void> {
  switch (health) {
    case 'well':
      return;
    case 'refuses':
      await sleep(1);
      throw fault({ passing: true });
    case 'errors':
      await sleep(20);
      throw fault({ passing: true });
    case 'hangs':
      await sleep(hangMs);
      throw new CallFault('upstream_timed_out', 'It is silent.', { retryable: true });
    case 'limits':
      await sleep(10);
      throw new CallFault('upstream_limited', 'It is asked too much.', {
        ...{ retryable: true, passing: true, retryAfterMs: 3_000 },
      });
  }
}

const fault = (details: { readonly passing: boolean }) =>
  new CallFault('upstream_failed', 'It fails.', { retryable: true, ...details });

import { randomUUID } from 'node:crypto';
import { OutcomeUnknown } from '../../src/adapters/eventstore/execute.ts';
import type { Runners } from '../../src/adapters/eventstore/runners.ts';
import { reserve } from './wallet-commands.ts';

export interface Load {
  /** Each lane does one pair after the other, on the wallets in turn. */
  readonly lanes: number;
  readonly wallets: readonly string[];
  /** Ends when so many pairs are done, or after so many seconds. */
  readonly pairs?: number;
  readonly seconds?: number;
}

export interface Loaded {
  /** By wallet. */
  readonly pairs: ReadonlyMap<string, number>;
  readonly seconds: number;
  /** Of single commands, in ms. */
  readonly latencies: readonly number[];
  /** Commands that were asked again, because nobody could say in time what had become of them. */
  readonly unknown: number;
}

/** Reserve and settle, pair after pair. */
export async function putPairs(
  { run }: Pick<Runners['wallet'], 'run'>,
  load: Load,
): Promise<Loaded> {
  const { lanes, wallets, pairs: most = Number.POSITIVE_INFINITY, seconds = 3_600 } = load;
  const pairs = new Map(wallets.map((id) => [id, 0]));
  const latencies: number[] = [];
  const started = performance.now();
  const until = started + seconds * 1_000;
  let begun = 0;

  let unknown = 0;
  /** A command says which call it is about: asked again it comes to the same. */
  const untilKnown = async <T>(work: () => Promise<T>): Promise<T> => {
    for (;;) {
      try {
        return await work();
      } catch (error) {
        if (!(error instanceof OutcomeUnknown)) throw error;
        unknown += 1;
      }
    }
  };
  const timed = async <T>(work: () => Promise<T>): Promise<T> => {
    const from = performance.now();
    const result = await untilKnown(work);
    latencies.push(performance.now() - from);
    return result;
  };
  const lane = async (number: number) => {
    for (let turn = number; performance.now() < until && begun < most; turn += lanes) {
      begun += 1;
      const walletId = wallets[turn % wallets.length] ?? '';
      const callId = randomUUID();
      const settle = await timed(() => reserve({ run }, walletId, callId));
      await timed(settle);
      pairs.set(walletId, (pairs.get(walletId) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: lanes }, (_, number) => lane(number)));
  return { pairs, seconds: (performance.now() - started) / 1_000, latencies, unknown };
}

export const pairsIn = ({ pairs }: Pick<Loaded, 'pairs'>): number =>
  [...pairs.values()].reduce((a, b) => a + b, 0);

export function quantile(numbers: readonly number[], share: number): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

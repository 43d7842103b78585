import type { RunnerOf } from '../../src/adapters/eventstore/execute.ts';
import type { OnceFor } from '../../src/adapters/eventstore/once-turns.ts';
import type { ProcessLease } from '../../src/adapters/postgres/lease.ts';
import type { wallet } from '../../src/domain/wallet/decider.ts';
import type { SeeThrough } from './wire.ts';
import { resending } from './wire.ts';

export type WalletRunner = RunnerOf<typeof wallet>;
type Judge = Pick<ProcessLease, 'held' | 'steadyForMs'>;

/** Places where a test may break one of the program's rules, without a word in the program. */
export interface Rules {
  readonly seeThrough: SeeThrough;
  /** What calls run their commands with. */
  readonly callRunner: (runner: WalletRunner) => WalletRunner;
  /** What claimed orders run theirs with. */
  readonly orderRunner: (runner: WalletRunner) => WalletRunner;
  /** How a command that seems dead loses the turn that it has. */
  readonly preventing: (prevent: OnceFor['prevent']) => OnceFor['prevent'];
  /** Whether a process's lease lapsed, as the sweeper is told. */
  readonly isLapsed: (expiresAtMs: number | undefined, nowMs: number) => boolean;
  /** What the sweeper knows of its own lease. */
  readonly judge: (lease: Judge) => Judge;
}

export const rules: Rules = {
  seeThrough: resending,
  callRunner: (runner) => runner,
  orderRunner: (runner) => runner,
  preventing: (prevent) => prevent,
  isLapsed: (expiresAtMs, nowMs) => expiresAtMs === undefined || expiresAtMs < nowMs,
  judge: (lease) => lease,
};

/*
 * The decider against another reading of `ops/charging.md` (`test/support/wallet-oracle.ts`). A failure prints its
 * seed and path: `ORACLE_SEED=… ORACLE_PATH=… npx ava test/domain/wallet/oracle.test.ts` runs it again.
 * `ORACLE_RUNS=…` runs more than 2,000.
 */
import test from 'ava';
import fc from 'fast-check';
import { Decimal } from '../../../src/domain/money.ts';
import { Rejection } from '../../../src/domain/rejection.ts';
import type { WalletCommand } from '../../../src/domain/wallet/commands.ts';
import { wallet } from '../../../src/domain/wallet/decider.ts';
import type { Wallet } from '../../../src/domain/wallet/wallet.ts';
import { oracleRuns } from '../../support/env.ts';
import { OracleRun } from '../../support/oracle-run.ts';
import { walletSteps } from '../../support/wallet-steps.ts';
import { grantOf, reserveOf, settleOf } from '../../support/wallets.ts';

test('the decider, its books and its projections do what the rules of charging say (I1–I7, I12, I15, I17)', (t) => {
  t.notThrows(() =>
    fc.assert(
      fc.property(walletSteps, (steps) => {
        const run = new OracleRun();
        for (const step of steps) run.take(step);
        run.finish();
      }),
      oracleRuns,
    ),
  );
});

/** The state after a command; null when it was refused. */
function after(state: Wallet, command: WalletCommand): Wallet | null {
  try {
    return wallet.decide(command, state).reduce(wallet.evolve, state);
  } catch (error) {
    if (error instanceof Rejection) return null;
    throw error;
  }
}

test('money for K calls is taken exactly K times, whatever ends in between (I18)', (t) => {
  const money = fc.record({
    affordable: fc.nat({ max: 12 }),
    spare: fc.integer({ min: 1, max: 399 }),
  });
  const ends = fc.array(fc.nat({ max: 3 }), { minLength: 20, maxLength: 20 });
  // Each costs 0.0004, as much as it may cost; no answer is long enough for a clamp.
  const reserve = (index: number) => reserveOf(`call-${index}`, { input: 400, output: 0 });
  const settle = (index: number) => settleOf(`call-${index}`, { input: 400 });
  t.notThrows(() =>
    fc.assert(
      fc.property(money, ends, ({ affordable, spare }, order) => {
        const amount = new Decimal('0.0004')
          .times(affordable)
          .plus(new Decimal(spare).times('0.000001'));
        let state = after(wallet.initialState, grantOf(amount.toFixed()));
        let reserved = 0;
        for (const [index, back] of order.entries()) {
          const next = state && after(state, reserve(index));
          if (next) reserved += 1;
          state = next ?? state;
          state = state && after(state, settle(index - back));
        }
        return reserved === affordable;
      }),
      { ...oracleRuns, numRuns: 500 },
    ),
  );
});

import test from 'ava';
import fc from 'fast-check';
import { Decimal, zero } from '../../../src/domain/money.ts';
import { Rejection } from '../../../src/domain/rejection.ts';
import type { CheckCredit, Quote, ReserveCredit } from '../../../src/domain/wallet/commands.ts';
import { wallet } from '../../../src/domain/wallet/decider.ts';
import type { Wallet } from '../../../src/domain/wallet/wallet.ts';
import { fold } from '../../support/given.ts';
import { after, limitOf } from '../../support/wallet-story.ts';
import {
  grantOf,
  history,
  memberId,
  noon,
  reserveOf,
  settleOf,
  walletId,
} from '../../support/wallets.ts';

const opened = { type: 'OpenWallet', walletId, memberId, currency: 'CNY' } as const;
const checkOf = ({ type: _, ...command }: ReserveCredit): CheckCredit => ({
  type: 'CheckCredit',
  ...command,
});

test('a call that no bound could pay for is refused before it has one', (t) => {
  const check = checkOf(reserveOf('a', { input: 0 }));
  after(opened)(t).when(check).isRefused('insufficient_quota');
  // Worth fifteen tokens of an answer.
  after(grantOf('0.000047'))(t).when(check).isRefused('insufficient_quota');
  after(grantOf('0.000048'))(t).when(check).yields();
  after(grantOf('1'))(t).when(check).yields();
});

test('what waits for open holds is not refused before it is counted', (t) => {
  after(
    grantOf('0.0004'),
    reserveOf('a'),
  )(t)
    .when(checkOf(reserveOf('b', { input: 0 })))
    .yields();
});

test('what is refused for another reason than its bounds is refused at once', (t) => {
  const check = checkOf(reserveOf('c', { input: 0 }));
  after(grantOf('1'), { type: 'FreezeWallet', reason: 'x', at: noon })(t)
    .when(check)
    .isRefused('wallet_frozen');
  const owing = settleOf('a', { input: 2_000 }, { overrun: 'owed' });
  after(grantOf('0.0004'), reserveOf('a'), owing)(t).when(check).isRefused('insufficient_quota');
});

test('a limit has its say with the whole bound alone', (t) => {
  after(
    grantOf('1'),
    limitOf({ window: 'day', measure: 'tokens', most: '0' }),
  )(t)
    .when(checkOf(reserveOf('a', { input: 0 })))
    .yields();
});

const amount = fc.integer({ min: 0, max: 60 }).map((units) => new Decimal(units));
const quote = (asset: string) =>
  fc.record({
    asset: fc.constant(asset),
    fixed: amount,
    perOutput: fc.integer({ min: 0, max: 3 }).map((units) => new Decimal(units)),
  });
const quotes: fc.Arbitrary<Quote[]> = fc
  .tuple(
    fc.constant({ asset: 'requests', fixed: new Decimal(1), perOutput: zero }),
    fc.option(quote('tokens'), { nil: undefined }),
    quote('CNY'),
  )
  .map((each) => each.flatMap((one) => one ?? []));
const grant = fc.record({
  asset: fc.constantFrom('requests', 'tokens', 'CNY', 'CNY'),
  units: fc.integer({ min: 1, max: 80 }),
  past: fc.constantFrom('bill' as const, 'block' as const),
});
const scene = fc.record({
  grants: fc.array(grant, { maxLength: 4 }),
  others: fc.array(quotes, { maxLength: 3 }),
  asked: quotes,
  share: fc.double({ min: 0, max: 1, noNaN: true }),
  outputTokens: fc.integer({ min: 0, max: 40 }),
});

function refusalOf(run: () => unknown): Rejection | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    if (error instanceof Rejection) return error;
    throw error;
  }
}

/** The wallet after these calls; those that it refuses hold nothing. */
const holding = (state: Wallet, calls: readonly ReserveCredit[]): Wallet =>
  calls.reduce((before, command) => {
    let after = before;
    refusalOf(() => {
      after = wallet.decide(command, before).reduce(wallet.evolve, before);
    });
    return after;
  }, state);

test('whatever is refused with too small a bound is refused alike with the whole one', (t) => {
  let refused = 0;
  let passed = 0;
  fc.assert(
    fc.property(scene, ({ grants, others, asked, share, outputTokens }) => {
      const events = history(
        opened,
        ...grants.map(({ asset, units, past }, index) =>
          grantOf(`${units}`, {
            ...{ asset, lotId: `00000000-0000-4000-8000-00000000000${index}` },
            past: asset === 'CNY' ? ('bill' as const) : past,
          }),
        ),
      );
      const state = holding(
        fold(wallet, events),
        others.map((each, index) => reserveOf(`${index}`, { quotes: each, outputTokens: 16 })),
      );
      const whole = reserveOf('asked', { quotes: asked, outputTokens });
      const least = asked.map((each) =>
        each.asset === 'requests' ? each : { ...each, fixed: each.fixed.times(share).floor() },
      );
      const early = refusalOf(() => wallet.decide(checkOf({ ...whole, quotes: least }), state));
      if (!early) {
        passed += 1;
        return true;
      }
      refused += 1;
      const late = refusalOf(() => wallet.decide(whole, state));
      return late?.code === early.code && late.why === early.why && late.message === early.message;
    }),
    { numRuns: 3_000 },
  );
  t.true(refused > 100 && passed > 100, `${refused} refused, ${passed} passed`);
});

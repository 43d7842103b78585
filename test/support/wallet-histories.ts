import fc from 'fast-check';
import { nameId } from '../../src/domain/ids.ts';
import type { WalletStep } from './wallet-log.ts';
import { limitOf } from './wallet-story.ts';
import { abandonOf, ending, grantOf, releaseOf, reserveOf, settleOf } from './wallets.ts';

const minute = (n: number) => new Date(Date.UTC(2026, 0, 1, 12, n)).toISOString();
const calls = fc.integer({ min: 0, max: 5 }).map((n) => `call-${n}`);
const count = fc.integer({ min: 0, max: 300 });
const lots = fc.integer({ min: 0, max: 8 }).map((n) => nameId(`lot-${n}`));
const amounts = fc.integer({ min: 1, max: 2_000 }).map((n) => `0.${String(n).padStart(6, '0')}`);
const usages = fc.record({ input: count, cachedInput: count, output: count, reasoning: count });
type At = (at: string) => WalletStep;
type Granting = NonNullable<Parameters<typeof grantOf>[1]>;

const grants = fc
  .record({
    amount: amounts,
    units: fc.option(fc.integer({ min: 1, max: 400 }), { nil: null }),
    kind: fc.constantFrom<NonNullable<Granting['kind']>>('paid', 'plan', 'promo', 'compensation'),
    past: fc.constantFrom('block' as const, 'bill' as const),
    lotId: lots,
    priority: fc.integer({ min: -1, max: 1 }),
    expires: fc.option(fc.integer({ min: 1, max: 60 }), { nil: null }),
  })
  .map(({ amount, units, past, expires, ...more }): At => {
    const expiresAt = expires === null ? null : minute(expires);
    if (units === null) return (at) => grantOf(amount, { ...more, expiresAt, at });
    return (at) => grantOf(`${units}`, { ...more, expiresAt, past, asset: 'tokens', at });
  });

const reservations = fc
  .record({ call: calls, input: count, output: count, allowance: fc.boolean() })
  .map(({ call, input, output, allowance }): At => {
    return (at) => {
      const command = reserveOf(call, { input, output, at });
      const { fixed, perOutput } = command.tokens;
      const tokens = { asset: 'tokens' as const, fixed, perOutput };
      return allowance ? { ...command, quotes: [tokens, ...command.quotes] } : command;
    };
  });

const endings = fc
  .record({ call: calls, usage: usages, how: fc.nat({ max: 5 }) })
  .map(({ call, usage, how }): At => {
    const consumption = { usage, characters: null };
    if (how < 2) {
      const overrun = how === 0 ? 'absorbed' : 'owed';
      return (at) => settleOf(call, usage, { overrun, at });
    }
    if (how === 2) return (at) => releaseOf(call, { at });
    if (how === 3) return (at) => abandonOf(call, { at });
    if (how === 4) {
      return (at) => abandonOf(call, { evidence: { basis: 'checkpoint', ...consumption }, at });
    }
    return (at) => ({
      ...{
        type: 'PostLateSettlement',
        callId: nameId(call),
        ...consumption,
        ending,
        costs: [],
        at,
      },
    });
  });

const others = fc.oneof(
  lots.map(
    (lotId): At =>
      (at) => ({ type: 'RevokeCredit', lotId, reason: 'test', at }),
  ),
  fc.constant<At>((at) => ({ type: 'ExpireLots', at })),
  fc.constant<At>((at) => ({ type: 'PayDebt', at })),
  fc.constant<At>(() => 'roll'),
  fc.constantFrom('0', '0.0005', '1').map(
    (most): At =>
      (at) =>
        limitOf({ window: 'total', measure: 'overdraft', most }, at),
  ),
  fc.constantFrom('1000', '5000').map(
    (most): At =>
      (at) =>
        limitOf({ window: 'day', measure: 'tokens', most }, at),
  ),
);

/** Commands of every kind in a random order over few calls and lots, a minute apart. */
export const walletHistories: fc.Arbitrary<readonly WalletStep[]> = fc
  .array(
    fc.oneof(
      { weight: 3, arbitrary: grants },
      { weight: 4, arbitrary: reservations },
      { weight: 4, arbitrary: endings },
      { weight: 2, arbitrary: others },
    ),
    { maxLength: 80 },
  )
  .map((steps) => steps.map((step, index) => step(minute(index))));

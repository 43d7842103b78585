import type { ExecutionContext } from 'ava';
import test from 'ava';
import fc from 'fast-check';
import { imbalance } from '../../../src/domain/accounts.ts';
import { nameId } from '../../../src/domain/ids.ts';
import { Decimal, money, sum } from '../../../src/domain/money.ts';
import { Rejection } from '../../../src/domain/rejection.ts';
import type { WalletCommand } from '../../../src/domain/wallet/commands.ts';
import { wallet } from '../../../src/domain/wallet/decider.ts';
import type { WalletEvent } from '../../../src/domain/wallet/events.ts';
import { burnOrder } from '../../../src/domain/wallet/lots.ts';
import type { Wallet } from '../../../src/domain/wallet/wallet.ts';
import {
  abandonOf,
  grantOf,
  releaseOf,
  reserveOf,
  settleOf,
  walletId,
} from '../../support/wallets.ts';

const minute = (n: number) => new Date(Date.UTC(2026, 0, 1, 12, n)).toISOString();
const calls = fc.integer({ min: 0, max: 5 }).map((n) => `call-${n}`);
const amounts = fc
  .tuple(fc.bigInt({ min: 0n, max: 10n ** 26n - 1n }), fc.bigInt({ min: 1n, max: 10n ** 12n - 1n }))
  .map(([whole, decimals]) => `${whole}.${String(decimals).padStart(12, '0')}`);
const smallAmounts = fc
  .integer({ min: 1, max: 2_000 })
  .map((n) => `0.${String(n).padStart(6, '0')}`);
const count = fc.integer({ min: 0, max: 300 });

/** Commands in a random order over few calls and lots, a minute apart. */
const commands: fc.Arbitrary<readonly WalletCommand[]> = fc
  .array(
    fc.oneof(
      fc
        .record({
          amount: fc.oneof(smallAmounts, amounts),
          kind: fc.constantFrom('paid', 'plan', 'promo', 'compensation'),
          lot: fc.integer({ min: 0, max: 8 }),
          priority: fc.integer({ min: -1, max: 1 }),
          expires: fc.option(fc.integer({ min: 1, max: 40 }), { nil: null }),
        })
        .map(
          ({ amount, kind, lot, priority, expires }) =>
            (at: string): WalletCommand =>
              grantOf(amount, {
                kind,
                priority,
                at,
                lotId: nameId(`lot-${lot}`),
                expiresAt: expires === null ? null : minute(expires),
              }),
        ),
      fc.record({ call: calls, input: count, output: count }).map(
        ({ call, ...more }) =>
          (at: string): WalletCommand =>
            reserveOf(call, { ...more, at }),
      ),
      fc
        .record({ call: calls, input: count, cachedInput: count, output: count, reasoning: count })
        .map(
          ({ call, ...usage }) =>
            (at: string): WalletCommand =>
              settleOf(call, usage, { at }),
        ),
      fc.record({ call: calls, fails: fc.boolean() }).map(
        ({ call, fails }) =>
          (at: string): WalletCommand =>
            fails ? releaseOf(call, { at }) : abandonOf(call, { at }),
      ),
    ),
    { maxLength: 60 },
  )
  .map((steps) => steps.map((step, index) => step(minute(index))));

function run(
  sequence: readonly WalletCommand[],
  check: (state: Wallet, event: WalletEvent) => void,
) {
  let state = wallet.initialState;
  for (const command of sequence) {
    for (const event of decideOrRefuse(command, state)) {
      state = wallet.evolve(state, event);
      check(state, event);
    }
  }
  return state;
}

function decideOrRefuse(command: WalletCommand, state: Wallet): readonly WalletEvent[] {
  try {
    return wallet.decide(command, state);
  } catch (error) {
    if (error instanceof Rejection) return [];
    throw error;
  }
}

/** Balances by account, from nothing but the legs. */
function ledger() {
  const totals = new Map<string, Decimal>();
  return {
    post({ data }: WalletEvent) {
      for (const { account, asset, amount } of 'legs' in data ? data.legs : []) {
        const key = `${account} ${asset}`;
        totals.set(key, (totals.get(key) ?? new Decimal(0)).plus(amount));
      }
    },
    of: (prefix: string) =>
      sum([...totals].filter(([key]) => key.startsWith(prefix)).map(([, amount]) => amount)),
  };
}

const mustHold = (what: string, holds: boolean) => {
  if (!holds) throw new Error(what);
};

/** Runs 300 random sequences; a failure prints the seed and the smallest sequence. */
const always = (t: ExecutionContext, check: (sequence: readonly WalletCommand[]) => void) =>
  t.notThrows(() => fc.assert(fc.property(commands, check), { numRuns: 300 }));

const freeIn = ({ lots }: Wallet) => sum(lots.values().map(({ free }) => free));
const heldIn = ({ lots }: Wallet) => sum(lots.values().map(({ held }) => held));

test('legs sum to zero, and the fold equals them, after every event (I1, I2)', (t) => {
  always(t, (sequence) => {
    const book = ledger();
    run(sequence, (state, event) => {
      book.post(event);
      mustHold('I1', !('legs' in event.data) || imbalance(event.data.legs).size === 0);
      mustHold('I2', freeIn(state).eq(book.of(`credit:${walletId}`).negated()));
      mustHold('I2', heldIn(state).eq(book.of(`hold:${walletId}`).negated()));
    });
  });
});

test('nothing goes below zero, and open holds are what is held (I3, I4)', (t) => {
  always(t, (sequence) => {
    run(sequence, (state) => {
      for (const { free, held } of state.lots.values()) {
        mustHold('I3', !free.isNegative() && !held.isNegative());
      }
      mustHold('I4', sum(state.holds.values().map(({ amount }) => amount)).eq(heldIn(state)));
    });
  });
});

/** What an event takes from lots, or gives them. */
function lotChanges({ type, data }: WalletEvent): readonly (readonly [string | null, Decimal])[] {
  switch (type) {
    case 'CreditGranted':
      return [[data.lotId, money(data.amount)]];
    case 'CreditExpired':
      return [[data.lotId, money(data.amount).negated()]];
    case 'UsageSettled':
      return data.consumed.map(({ lotId, amount }) => [lotId, money(amount).negated()] as const);
    default:
      return [];
  }
}

test('per lot: granted = consumed + held + expired + remaining (I6)', (t) => {
  always(t, (sequence) => {
    const left = new Map<string, Decimal>();
    const state = run(sequence, (_, event) => {
      for (const [lotId, amount] of lotChanges(event)) {
        if (lotId === null) continue;
        left.set(lotId, (left.get(lotId) ?? new Decimal(0)).plus(amount));
      }
    });
    for (const [lotId, amount] of left) {
      const lot = state.lots.get(lotId);
      mustHold('I6', amount.eq(lot ? lot.free.plus(lot.held) : 0));
    }
  });
});

test('a charge is never negative and never more than its hold (I5, I12)', (t) => {
  always(t, (sequence) => {
    const holds = new Map<string, Decimal>();
    run(sequence, (_, { type, data }) => {
      if (type === 'CreditReserved') holds.set(data.call.callId, money(data.amount));
      if (type !== 'UsageSettled') return;
      const charge = money(data.charge);
      mustHold('I5', !charge.isNegative());
      mustHold('I12', charge.lte(holds.get(data.call.callId) ?? 0));
    });
  });
});

test('burn order is total: any order of the lots burns the same', (t) => {
  const lot = fc.record({
    id: fc.uuid(),
    asset: fc.constant('CNY'),
    kind: fc.constantFrom('paid', 'plan', 'promo', 'compensation'),
    priority: fc.integer({ min: 0, max: 2 }),
    effectiveAt: fc.constant(minute(0)),
    past: fc.constant('bill' as const),
    ended: fc.constant(null),
    expiresAt: fc.option(fc.integer({ min: 0, max: 2 }).map(minute), { nil: null }),
    scope: fc.constant(null),
    sequence: fc.integer({ min: 0, max: 2 }),
    free: fc.constant(new Decimal(1)),
    held: fc.constant(new Decimal(0)),
  });
  const shuffled = fc
    .uniqueArray(lot, { selector: ({ id }) => id, maxLength: 12 })
    .chain((lots) =>
      fc.tuple(fc.constant(lots), fc.shuffledSubarray(lots, { minLength: lots.length })),
    );
  t.notThrows(() =>
    fc.assert(
      fc.property(shuffled, ([lots, others]) => {
        const ids = (list: typeof lots) => [...list].sort(burnOrder).map(({ id }) => id);
        return JSON.stringify(ids(lots)) === JSON.stringify(ids(others));
      }),
    ),
  );
});

import test from 'ava';
import { imbalance } from '../../../src/domain/accounts.ts';
import { nameId } from '../../../src/domain/ids.ts';
import { Decimal } from '../../../src/domain/money.ts';
import { Rejection } from '../../../src/domain/rejection.ts';
import { wallet } from '../../../src/domain/wallet/decider.ts';
import { fold, given } from '../../support/given.ts';
import { after, balanceOf, since } from '../../support/wallet-story.ts';
import {
  abandonOf,
  grantOf,
  history,
  noon,
  releaseOf,
  reserveOf,
  settleOf,
  walletId,
} from '../../support/wallets.ts';

const later = '2026-02-01T00:00:00.000Z';

test('a first grant opens the wallet and books its value to the kind’s account', (t) => {
  const [opened, granted] = given(wallet)(t)
    .when(grantOf('10'))
    .yieldsTypes('WalletPeriodOpened', 'CreditGranted');
  t.is(opened?.type, 'WalletPeriodOpened');
  t.deepEqual(granted?.type === 'CreditGranted' && granted.data.legs, [
    { account: 'promo:expense', asset: 'CNY', amount: '10' },
    { account: `credit:${walletId}:promo`, asset: 'CNY', amount: '-10' },
  ]);
});

test('each kind is granted from its own account', (t) => {
  const source = (kind: 'paid' | 'plan' | 'compensation', asset = 'CNY') => {
    const events = wallet.decide(grantOf('1', { kind, asset }), fold(wallet, []));
    const granted = events.find(({ type }) => type === 'CreditGranted');
    return granted?.type === 'CreditGranted' && granted.data.legs[0]?.account;
  };
  t.is(source('paid'), 'deferred:credit');
  t.is(source('plan'), 'deferred:subscription');
  t.is(source('compensation'), 'compensation:expense');
  t.is(source('plan', 'requests'), 'units:requests');
});

test('the same lot granted twice changes nothing', (t) => {
  after(grantOf('10'))(t).when(grantOf('10')).yields();
});

test('a grant of nothing, of half a unit, or in another currency is refused', (t) => {
  given(wallet)(t).when(grantOf('0')).isRefused('invalid_amount');
  given(wallet)(t).when(grantOf('-1')).isRefused('invalid_amount');
  given(wallet)(t)
    .when(grantOf('0.5', { asset: 'requests' }))
    .isRefused('invalid_amount');
  given(wallet)(t)
    .when(grantOf('1', { asset: 'USD' }))
    .isRefused('currency_mismatch');
});

test('reserving moves the bound from credit to hold', (t) => {
  const events = history(grantOf('10'), reserveOf('a'));
  t.deepEqual(balanceOf(events), ['CNY 10 0.0004 9.9996']);
  const reserved = events.at(-1);
  t.deepEqual(reserved?.type === 'CreditReserved' && reserved.data.legs, [
    { account: `credit:${walletId}:promo`, asset: 'CNY', amount: '0.0004' },
    { account: `hold:${walletId}:promo`, asset: 'CNY', amount: '-0.0004' },
  ]);
});

test('reserving twice for one call changes nothing', (t) => {
  after(grantOf('10'), reserveOf('a'))(t).when(reserveOf('a')).yields();
});

test('another request can’t take over an open call', (t) => {
  after(
    grantOf('10'),
    reserveOf('a'),
  )(t)
    .when(reserveOf('a', { processId: nameId('another process') }))
    .isRefused('hold_conflict');
});

test('settling charges the usage and returns the rest', (t) => {
  const events = history(grantOf('10'), reserveOf('a'), settleOf('a', { input: 100, output: 10 }));
  t.deepEqual(balanceOf(events), ['CNY 9.99987 0 9.99987']);
  const settled = events.at(-1);
  t.deepEqual(settled?.type === 'UsageSettled' && settled.data.legs, [
    { account: `hold:${walletId}:promo`, asset: 'CNY', amount: '0.0004' },
    { account: `credit:${walletId}:promo`, asset: 'CNY', amount: '-0.00027' },
    { account: 'revenue:usage', asset: 'CNY', amount: '-0.00013' },
  ]);
});

test('settling, releasing or expiring a call that is not open decides nothing', (t) => {
  const done = history(grantOf('10'), reserveOf('a'), settleOf('a', { input: 1 }));
  since(done)(t)
    .when(settleOf('a', { input: 1 }))
    .yields();
  since(done)(t).when(releaseOf('a')).yields();
  since(done)(t).when(abandonOf('a')).yields();
});

test('releasing gives the whole hold back', (t) => {
  const open = history(grantOf('10'), reserveOf('a'));
  const events = since(open)(t).when(releaseOf('a')).yieldsTypes('ReservationReleased');
  t.deepEqual(balanceOf([...open, ...events]), ['CNY 10 0 10']);
});

test('expiring an abandoned hold gives it back and says there was no evidence', (t) => {
  const open = history(grantOf('10'), reserveOf('a'));
  const events = since(open)(t).when(abandonOf('a')).yieldsTypes('ReservationExpired');
  t.deepEqual(balanceOf([...open, ...events]), ['CNY 10 0 10']);
});

test('a usage beyond the hold charges the hold and absorbs the overrun', (t) => {
  const open = history(grantOf('10'), reserveOf('a'));
  const [settled, overage] = since(open)(t)
    .when(settleOf('a', { input: 1000, output: 100 }))
    .yieldsTypes('UsageSettled', 'OverageAccrued');
  t.is(settled?.type === 'UsageSettled' && settled.data.charge, '0.0004');
  t.deepEqual(overage?.type === 'OverageAccrued' && overage.data.legs, [
    { account: 'writeoff', asset: 'CNY', amount: '0.0009' },
    { account: 'revenue:usage', asset: 'CNY', amount: '-0.0009' },
  ]);
});

test('an unopened wallet and an empty one refuse a call', (t) => {
  given(wallet)(t).when(reserveOf('a')).isRefused('insufficient_quota');
  after(grantOf('0.000001'))(t).when(reserveOf('a')).isRefused('insufficient_quota');
});

test('credit that open calls hold is worth a retry', (t) => {
  after(grantOf('0.0005'), reserveOf('a'))(t).when(reserveOf('b')).isRefused('credit_on_hold');
});

test('a bound beyond the credit clamps the output to what the credit covers', (t) => {
  const [reserved] = after(grantOf('0.0002'))(t).when(reserveOf('a')).yieldsTypes('CreditReserved');
  t.is(reserved?.type === 'CreditReserved' && reserved.data.maxOutput, 33);
  t.is(reserved?.type === 'CreditReserved' && reserved.data.amount, '0.000199');
});

test('an answer under sixteen tokens is not worth a clamp', (t) => {
  after(grantOf('0.000147'))(t).when(reserveOf('a')).isRefused('insufficient_quota');
  after(grantOf('0.000148'))(t).when(reserveOf('a')).yieldsTypes('CreditReserved');
});

test('past 4,000 lots and holds nothing is added, and a call still ends', (t) => {
  const lot = (n: number) => grantOf('1', { lotId: nameId(`lot/${n}`) });
  const full = Array.from({ length: 3_992 }, (_, n) => lot(n)).reduce(
    (state, command) => wallet.decide(command, state).reduce(wallet.evolve, state),
    fold(wallet, history(grantOf('10'), reserveOf('a'))),
  );
  for (const command of [lot(4_000), reserveOf('b')]) {
    const error = t.throws(() => wallet.decide(command, full), { instanceOf: Rejection });
    t.is(error?.code, 'wallet_full');
  }
  t.is(wallet.decide(settleOf('a', { input: 1 }), full).length, 1);
});

test('a grant that has expired already is refused', (t) => {
  given(wallet)(t)
    .when(grantOf('1', { expiresAt: noon }))
    .isRefused('invalid_expiry');
});

test('a price in another currency than the wallet’s is refused', (t) => {
  after(grantOf('10'))(t)
    .when(reserveOf('a', { price: { ...reserveOf('a').price, currency: 'USD' } }))
    .isRefused('currency_mismatch');
});

test('a call is charged wholly to the allowance that its bound fits into', (t) => {
  const quotes = [
    { asset: 'requests', fixed: new Decimal(1), perOutput: new Decimal(0) },
    ...reserveOf('a').quotes,
  ];
  const granted = [grantOf('10'), grantOf('1', { asset: 'requests', kind: 'plan' })];
  const first = [...granted, reserveOf('a', { quotes }), settleOf('a', { input: 5 })];
  t.deepEqual(balanceOf(history(...first)), ['CNY 10 0 10']);
  const second = history(...first, reserveOf('b', { quotes }), settleOf('b', { input: 5 }));
  t.deepEqual(balanceOf(second), ['CNY 9.999995 0 9.999995']);
});

test('tokens of an allowance are input plus output', (t) => {
  const quotes = [{ asset: 'tokens', fixed: new Decimal(100), perOutput: new Decimal(1) }];
  const events = history(
    grantOf('1000', { asset: 'tokens', kind: 'plan' }),
    reserveOf('a', { quotes }),
    settleOf('a', { input: 90, cachedInput: 10, output: 15, reasoning: 5 }),
  );
  t.deepEqual(balanceOf(events), ['CNY 0 0 0', 'tokens 880 0 880']);
});

test('a lot is unusable from its expiry on, and before it takes effect', (t) => {
  const expiring = history(grantOf('10', { expiresAt: later }));
  since(expiring)(t)
    .when(reserveOf('a', { at: later }))
    .isRefused('insufficient_quota');
  t.deepEqual(balanceOf(expiring, later), ['CNY 10 0 0']);
  after(grantOf('10', { at: later }))(t)
    .when(reserveOf('a'))
    .isRefused('insufficient_quota');
});

test('what returns to a lot that expired meanwhile expires in the same append', (t) => {
  const open = history(grantOf('0.0004', { expiresAt: later }), reserveOf('a'));
  const events = since(open)(t)
    .when(settleOf('a', { input: 100 }, { at: later }))
    .yieldsTypes('UsageSettled', 'CreditExpired');
  t.deepEqual(balanceOf([...open, ...events], later), ['CNY 0 0 0']);
});

test('a lot for some models pays for those alone', (t) => {
  const scoped = history(grantOf('10', { scope: ['other'] }));
  since(scoped)(t).when(reserveOf('a')).isRefused('insufficient_quota');
});

test('every event balances by asset', (t) => {
  const events = history(
    grantOf('10'),
    grantOf('3', { kind: 'compensation', priority: -1 }),
    reserveOf('a', { input: 4_000_000, output: 10 }),
    settleOf('a', { input: 3_500_000, cachedInput: 7 }),
  );
  for (const { data } of events) t.is('legs' in data ? imbalance(data.legs).size : 0, 0);
});

test('a usage with a class that has no price is charged the bound, and says so', (t) => {
  const unpriced = { input: 10, images: 2 };
  for (const command of [
    settleOf('a', unpriced),
    abandonOf('a', {
      evidence: {
        ...{ basis: 'usage', characters: null },
        usage: { cachedInput: 0, output: 0, reasoning: 0, ...unpriced },
      },
    }),
  ]) {
    const [settled] = after(
      grantOf('1'),
      reserveOf('a'),
    )(t)
      .when(command)
      .yieldsTypes('UsageSettled');
    t.like(settled?.data, { basis: 'bound', charge: '0.0004', usage: { images: 2 } });
  }
});

import test from 'ava';
import { after, balanceOf, legsIn, limitOf, since } from '../../support/wallet-story.ts';
import {
  grantOf,
  history,
  noon,
  releaseOf,
  reserveOf,
  settleOf,
  walletId,
} from '../../support/wallets.ts';

const overdraft = limitOf({ window: 'total', measure: 'overdraft', most: '0.001' });
const small = grantOf('0.0001', { kind: 'paid' });
const paid = (amount: string) => grantOf(amount, { kind: 'paid' });

test('an overdraft is drawn last, without a lot', (t) => {
  const [reserved] = after(small, overdraft)(t).when(reserveOf('a')).yieldsTypes('CreditReserved');
  t.deepEqual(legsIn(reserved), [
    `credit:${walletId}:paid CNY 0.0001`,
    `hold:${walletId}:paid CNY -0.0004`,
    `receivable:${walletId} CNY 0.0003`,
  ]);
});

test('what returns reverses the overdraft first', (t) => {
  const open = history(small, overdraft, reserveOf('a'));
  const [settled] = since(open)(t)
    .when(settleOf('a', { input: 100, output: 50 }))
    .yieldsTypes('UsageSettled');
  t.deepEqual(legsIn(settled), [
    `hold:${walletId}:paid CNY 0.0004`,
    `receivable:${walletId} CNY -0.00015`,
    'revenue:usage CNY -0.00025',
  ]);
});

test('a hold on an overdraft that is released leaves nothing owed', (t) => {
  const back = history(small, overdraft, reserveOf('a'), releaseOf('a'));
  t.deepEqual(balanceOf(back), ['CNY 0.0001 0 0.0001']);
  since(back)(t).when({ type: 'PayDebt', at: noon }).yields();
});

test('no more may be owed than the overdraft', (t) => {
  const drawn = history(
    small,
    overdraft,
    reserveOf('a'),
    settleOf('a', { input: 100, output: 100 }),
  );
  since(drawn)(t).when(reserveOf('b')).yieldsTypes('CreditReserved');
  since(drawn)(t)
    .when(reserveOf('b', { input: 701, output: 0 }))
    .isRefused('insufficient_quota');
});

test('a call waits for an overdraft that another holds', (t) => {
  const drawn = history(small, overdraft, reserveOf('a'), reserveOf('b'));
  since(drawn)(t)
    .when(reserveOf('c', { input: 1_100, output: 0 }))
    .isRefused('credit_on_hold');
  since(drawn)(t)
    .when(reserveOf('c', { input: 1_101, output: 0 }))
    .isRefused('insufficient_quota');
});

test('a lower overdraft stops new calls, and the debt is paid as before', (t) => {
  const lower = limitOf({ window: 'total', measure: 'overdraft', most: '0.0001' });
  const owing = history(
    small,
    overdraft,
    reserveOf('a'),
    settleOf('a', { input: 100, output: 100 }),
    lower,
  );
  since(owing)(t)
    .when(reserveOf('b', { input: 1, output: 0 }))
    .isRefused('insufficient_quota');
  since(owing)(t).when(paid('1')).yieldsTypes('CreditGranted', 'DebtPaid');
});

test('a debt is paid only from paid money that has begun, lasts and is not held', (t) => {
  const owe = settleOf('a', { input: 1_000, output: 100 }, { overrun: 'owed' });
  const later = '2026-01-01T13:00:00.000Z';
  const owing = history(
    grantOf('0.0004', { kind: 'promo' }),
    reserveOf('a'),
    grantOf('7', { kind: 'paid', effectiveAt: later, expiresAt: '2026-01-01T14:00:00.000Z' }),
    grantOf('8', { kind: 'plan' }),
    owe,
  );
  t.is(owing.at(-1)?.type, 'OverageAccrued');
  since(owing)(t).when({ type: 'PayDebt', at: noon }).yields();
  since(owing)(t).when({ type: 'PayDebt', at: later }).yieldsTypes('DebtPaid');
  since(owing)(t).when({ type: 'PayDebt', at: '2026-01-01T14:00:00.000Z' }).yields();
});

test('credit that comes back pays a debt in the same append', (t) => {
  const owing = history(
    grantOf('0.0008', { kind: 'paid' }),
    reserveOf('a'),
    reserveOf('b'),
    settleOf('a', { input: 1_000, output: 100 }, { overrun: 'owed' }),
  );
  since(owing)(t).when(releaseOf('b')).yieldsTypes('ReservationReleased', 'DebtPaid');
});

test('a paid grant pays what is owed, and no other kind does', (t) => {
  const owing = history(
    small,
    overdraft,
    reserveOf('a'),
    settleOf('a', { input: 100, output: 100 }),
  );
  since(owing)(t).when(grantOf('1')).yieldsTypes('CreditGranted');
  const [, debtPaid] = since(owing)(t).when(paid('1')).yieldsTypes('CreditGranted', 'DebtPaid');
  t.deepEqual(legsIn(debtPaid), [
    `credit:${walletId}:paid CNY 0.0003`,
    `receivable:${walletId} CNY -0.0003`,
  ]);
});

test('an overrun that is owed counts against limits of money, one that is absorbed does not', (t) => {
  const budget = limitOf({ window: 'day', measure: 'money', most: '0.002' });
  const overrun = (treatment: 'absorbed' | 'owed', at = noon) =>
    history(
      paid('1'),
      budget,
      reserveOf('a'),
      settleOf('a', { output: 500 }, { overrun: treatment, at }),
    );
  const next = reserveOf('b', { input: 0, output: 200 });
  since(overrun('absorbed'))(t).when(next).yieldsTypes('CreditReserved');
  since(overrun('owed'))(t).when(next).isRefused('budget_exhausted');
  since(overrun('owed'))(t)
    .when(reserveOf('b', { input: 0, output: 166 }))
    .yieldsTypes('CreditReserved');
  const accrued = overrun('owed', '2026-01-02T00:00:01.000Z').find(
    ({ type }) => type === 'OverageAccrued',
  );
  const window = { limit: 'wallet/day/money', window: '2026-01-01', amount: '0.0011' };
  t.like(accrued?.data, { counted: [window] }, 'in the window of its call');
});

test('an overrun is absorbed, or owed and paid in the same append', (t) => {
  const open = history(paid('1'), reserveOf('a'));
  since(open)(t)
    .when(settleOf('a', { output: 500 }))
    .yieldsTypes('UsageSettled', 'OverageAccrued');
  const events = since(open)(t)
    .when(settleOf('a', { output: 500 }, { overrun: 'owed' }))
    .yieldsTypes('UsageSettled', 'OverageAccrued', 'DebtPaid');
  t.deepEqual(balanceOf([...open, ...events]), ['CNY 0.9985 0 0.9985']);
});

test('a debt beyond the overdraft stops every reservation', (t) => {
  const owing = history(
    grantOf('1'),
    reserveOf('a'),
    settleOf('a', { output: 500 }, { overrun: 'owed' }),
  );
  since(owing)(t).when(reserveOf('b')).isRefused('insufficient_quota');
  const events = [
    ...owing,
    ...since(owing)(t).when(paid('1')).yieldsTypes('CreditGranted', 'DebtPaid'),
  ];
  since(events)(t).when(reserveOf('b')).yieldsTypes('CreditReserved');
});

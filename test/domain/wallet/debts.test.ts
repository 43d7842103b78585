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

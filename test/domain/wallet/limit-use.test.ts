import test from 'ava';
import { nameId } from '../../../src/domain/ids.ts';
import { canonical } from '../../../src/domain/money.ts';
import { wallet } from '../../../src/domain/wallet/decider.ts';
import { limitUses } from '../../../src/domain/wallet/limit-use.ts';
import { fold } from '../../support/given.ts';
import { limitOf } from '../../support/wallet-story.ts';
import { grantOf, history, noon, reserveOf } from '../../support/wallets.ts';

const apiKeyId = nameId('key');
const limits = [
  limitOf({ window: 'minute', measure: 'requests', most: '5' }),
  limitOf({ window: 'day', measure: 'tokens', most: '1000' }),
  limitOf({ window: 'month', measure: 'money', most: '1' }),
  limitOf({ window: 'total', measure: 'money', most: '2' }),
  limitOf({ window: 'now', measure: 'calls', most: '3' }),
  limitOf({ window: 'total', measure: 'overdraft', most: '1' }),
  limitOf({ apiKeyId, window: 'now', measure: 'calls', most: '2' }),
  limitOf({ apiKeyId: nameId('other'), window: 'now', measure: 'calls', most: '2' }),
];
const state = fold(wallet, history(grantOf('0.0001'), ...limits, reserveOf('a')));
const usesAt = (at: string) =>
  limitUses(state, at)
    .map(({ apiKeyId: key, window, measure, used, resetsAt }) =>
      [key === null ? 'wallet' : 'key', window, measure, canonical(used), resetsAt].join(' '),
    )
    .sort();

test('every kind of limit says what counts against it now, and when that ends', (t) => {
  t.deepEqual(usesAt(noon), [
    'key now calls 0 ',
    'key now calls 1 ',
    'wallet day tokens 200 2026-01-02T00:00:00.000Z',
    'wallet minute requests 1 2026-01-01T12:01:00.000Z',
    'wallet month money 0.0004 2026-02-01T00:00:00.000Z',
    'wallet now calls 1 ',
    'wallet total money 0.0004 ',
    'wallet total overdraft 0.0003 ',
  ]);
});

test('a window that is over counts nothing', (t) => {
  t.deepEqual(usesAt('2026-12-31T23:59:59.999Z').slice(2, 5), [
    'wallet day tokens 0 2027-01-01T00:00:00.000Z',
    'wallet minute requests 0 2027-01-01T00:00:00.000Z',
    'wallet month money 0 2027-01-01T00:00:00.000Z',
  ]);
});

test('a wallet’s own limits come first', (t) => {
  const keys = limitUses(state, noon).map((limit) => limit.apiKeyId);
  t.deepEqual(keys.slice(0, 6), Array(6).fill(null));
});

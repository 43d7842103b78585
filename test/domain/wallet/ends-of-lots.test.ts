import test from 'ava';
import { nameId } from '../../../src/domain/ids.ts';
import type { WalletCommand } from '../../../src/domain/wallet/commands.ts';
import { after, balanceOf, legsIn, since } from '../../support/wallet-story.ts';
import {
  grantOf,
  history,
  noon,
  releaseOf,
  reserveOf,
  settleOf,
  walletId,
} from '../../support/wallets.ts';

const one = '2026-01-01T13:00:00.000Z';
const two = '2026-01-01T14:00:00.000Z';
const lotId = nameId('lot');
const lot = (more: Parameters<typeof grantOf>[1] = {}) => grantOf('1', { lotId, ...more });
const revokeIt: WalletCommand = { type: 'RevokeCredit', lotId, reason: 'refund', at: noon };
const ends = (lots: number): string[] => Array.from({ length: lots }, () => 'CreditExpired');
const expireAt = (at: string): WalletCommand => ({ type: 'ExpireLots', at });

test('a lot is usable from its effective time to its expiry, without any event', (t) => {
  const timed = after(lot({ effectiveAt: one, expiresAt: two }));
  timed(t).when(reserveOf('a')).isRefused('insufficient_quota');
  timed(t)
    .when(reserveOf('a', { at: one }))
    .yieldsTypes('CreditReserved');
  timed(t)
    .when(reserveOf('a', { at: two }))
    .isRefused('insufficient_quota');
});

test('a lot counts as posted until its end is written, and that is written once', (t) => {
  const timed = history(lot({ expiresAt: one }));
  t.deepEqual(balanceOf(timed, two), ['CNY 1 0 0']);
  const [expired] = since(timed)(t).when(expireAt(two)).yieldsTypes('CreditExpired');
  t.deepEqual(legsIn(expired), [`credit:${walletId}:promo CNY 1`, 'promo:expense CNY -1']);
  since([...timed, ...(expired ? [expired] : [])])(t)
    .when(expireAt(two))
    .yields();
});

test('nothing expires before its time', (t) => {
  after(lot({ expiresAt: two }))(t)
    .when(expireAt(one))
    .yields();
});

test('the held part of a lot that has ended ends when it returns', (t) => {
  const held = history(lot({ expiresAt: one }), reserveOf('a'), expireAt(two));
  t.deepEqual(balanceOf(held, two), ['CNY 0.0004 0.0004 0']);
  const end = since(held)(t)
    .when(settleOf('a', { input: 100, output: 50 }, { at: two }))
    .yieldsTypes('UsageSettled', 'CreditExpired');
  t.deepEqual(balanceOf([...held, ...end], two), ['CNY 0 0 0']);
});

test('what returns to an expired lot takes along what was still free in it', (t) => {
  const held = history(lot({ expiresAt: one }), reserveOf('a'));
  const end = since(held)(t)
    .when(releaseOf('a', { at: two }))
    .yieldsTypes('ReservationReleased', 'CreditExpired');
  t.deepEqual(balanceOf([...held, ...end], two), ['CNY 0 0 0']);
});

test('revoking takes the unused part back to where it came from, once', (t) => {
  const [revoked] = after(lot({ kind: 'paid' }))(t)
    .when(revokeIt)
    .yieldsTypes('CreditRevoked');
  t.deepEqual(legsIn(revoked), [`credit:${walletId}:paid CNY 1`, 'deferred:credit CNY -1']);
  after(lot(), revokeIt)(t).when(revokeIt).isRefused('lot_not_found');
});

test('a lot whose time is over expires, also when it should be revoked', (t) => {
  const timed = history(lot({ kind: 'paid', expiresAt: one }));
  const [expired] = since(timed)(t)
    .when({ ...revokeIt, at: one })
    .yieldsTypes('CreditExpired');
  t.deepEqual(legsIn(expired), [`credit:${walletId}:paid CNY 1`, 'breakage CNY -1']);
});

test('what returns to a lot that was revoked is revoked, though its time is over too', (t) => {
  const held = history(lot({ expiresAt: one }), reserveOf('a'), revokeIt);
  since(held)(t)
    .when(releaseOf('a', { at: two }))
    .yieldsTypes('ReservationReleased', 'CreditRevoked');
});

test('lots burn by priority, expiry, kind and age, and in that order they are consumed', (t) => {
  const names = ['last', 'paid', 'promo', 'plan', 'soon', 'first', 'older'] as const;
  const id = (name: (typeof names)[number]) => nameId(name);
  const each = (name: (typeof names)[number], more: Parameters<typeof grantOf>[1]) =>
    grantOf('0.0001', { lotId: id(name), ...more });
  const events = history(
    each('older', { kind: 'plan' }),
    each('last', { kind: 'plan', priority: 1, expiresAt: one }),
    each('paid', { kind: 'paid' }),
    each('promo', { kind: 'promo' }),
    each('plan', { kind: 'plan' }),
    each('soon', { kind: 'paid', expiresAt: two }),
    each('first', { kind: 'paid', priority: -1 }),
    reserveOf('a', { input: 700, output: 0 }),
    settleOf('a', { input: 250 }),
  );
  const [reserved, settled] = events.slice(-2);
  const order = ['first', 'soon', 'older', 'plan', 'promo', 'paid', 'last'] as const;
  const drawn = order.map((name) => ({ lotId: id(name), asset: 'CNY', amount: '0.0001' }));
  t.like(reserved?.data, { alloc: drawn });
  t.like(settled?.data, {
    consumed: [
      { lotId: id('first'), amount: '0.0001' },
      { lotId: id('soon'), amount: '0.0001' },
      { lotId: id('older'), amount: '0.00005' },
    ],
  });
});

test('what a call holds of a revoked lot is revoked when it returns', (t) => {
  const held = history(lot(), reserveOf('a'), revokeIt);
  since(held)(t).when(revokeIt).yields();
  since(held)(t).when(reserveOf('b')).isRefused('insufficient_quota');
  const end = since(held)(t)
    .when(settleOf('a', { input: 100 }))
    .yieldsTypes('UsageSettled', 'CreditRevoked');
  t.deepEqual(balanceOf([...held, ...end]), ['CNY 0 0 0']);
});

test('a lot that was never there can’t be revoked, nor one of a wallet that isn’t', (t) => {
  after(grantOf('2'))(t).when(revokeIt).isRefused('lot_not_found');
  since([])(t).when(revokeIt).isRefused('wallet_not_found');
});

test('one command ends no more lots than one append holds, and the next one the rest', (t) => {
  const grants = Array.from({ length: 450 }, (_, n) =>
    grantOf('1', { lotId: nameId(`lot ${n}`), expiresAt: one }),
  );
  const many = history(...grants);
  const first = since(many)(t)
    .when(expireAt(two))
    .yieldsTypes(...ends(400));
  since([...many, ...first])(t)
    .when(expireAt(two))
    .yieldsTypes(...ends(50));
});

test('a call draws on no more lots than can end with it in one append', (t) => {
  const grants = Array.from({ length: 450 }, (_, n) =>
    grantOf('0.0000009', { lotId: nameId(`lot ${n}`), expiresAt: one }),
  );
  const held = history(...grants, reserveOf('a'));
  const [reserved] = held.slice(-1);
  t.is(reserved?.type, 'CreditReserved');
  if (reserved?.type !== 'CreditReserved') return;
  // 400 lots have 0.00036, and each token of output costs 0.000003.
  t.is(reserved.data.maxOutput, 86);
  t.is(reserved.data.alloc.length, 398);
  since(held)(t)
    .when(releaseOf('a', { at: two }))
    .yieldsTypes('ReservationReleased', ...ends(398));
});

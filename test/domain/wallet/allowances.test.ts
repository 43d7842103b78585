import test from 'ava';
import { Decimal, zero } from '../../../src/domain/money.ts';
import type { Quote } from '../../../src/domain/wallet/commands.ts';
import type { WalletEvent } from '../../../src/domain/wallet/events.ts';
import { after, since } from '../../support/wallet-story.ts';
import { grantOf, history, releaseOf, reserveOf, settleOf } from '../../support/wallets.ts';

const requests: Quote = { asset: 'requests', fixed: new Decimal(1), perOutput: zero };
const tokens: Quote = { asset: 'tokens', fixed: new Decimal(100), perOutput: new Decimal(1) };
const inMoney = reserveOf('x').quotes;
const call = (name: string, units: readonly Quote[] = [requests], more = {}) =>
  reserveOf(name, { quotes: [...units, ...inMoney], ...more });
const allowance = (amount: string, past: 'block' | 'bill', asset = 'requests') =>
  grantOf(amount, { asset, kind: 'plan', past });
const assetOf = ([event]: readonly WalletEvent[]) =>
  event?.type === 'CreditReserved' ? event.data.asset : event?.type;

test('a call draws on the allowance that covers it, wholly', (t) => {
  const events = after(
    grantOf('1'),
    allowance('1', 'bill'),
  )(t)
    .when(call('a'))
    .yieldsTypes('CreditReserved');
  t.is(assetOf(events), 'requests');
});

test('past an allowance that bills, money pays', (t) => {
  const used = history(grantOf('1'), allowance('1', 'bill'), call('a'), settleOf('a', {}));
  t.is(assetOf(since(used)(t).when(call('b')).yieldsTypes('CreditReserved')), 'CNY');
});

test('past an allowance that blocks, nothing does, though it is empty', (t) => {
  const used = history(grantOf('1'), allowance('1', 'block'), call('a'), settleOf('a', {}));
  since(used)(t).when(call('b')).isRefused('insufficient_quota');
});

test('while a call holds the rest of a blocking allowance, the next may come again', (t) => {
  const held = history(grantOf('1'), allowance('1', 'block'), call('a'));
  since(held)(t).when(call('b')).isRefused('credit_on_hold');
  const back = [...held, ...since(held)(t).when(releaseOf('a')).yieldsTypes('ReservationReleased')];
  t.is(assetOf(since(back)(t).when(call('b')).yieldsTypes('CreditReserved')), 'requests');
});

test('a blocking allowance stops blocking when its time is over', (t) => {
  const expiresAt = '2026-01-01T13:00:00.000Z';
  const used = history(
    grantOf('1'),
    grantOf('1', { asset: 'requests', kind: 'plan', past: 'block', expiresAt }),
    call('a'),
    settleOf('a', {}),
  );
  const events = since(used)(t)
    .when(call('b', [requests], { at: expiresAt }))
    .yieldsTypes('CreditReserved');
  t.is(assetOf(events), 'CNY');
  since(used)(t).when({ type: 'ExpireLots', at: expiresAt }).yieldsTypes('CreditExpired');
});

test('under block, the answer is clamped to the allowance', (t) => {
  const [reserved] = after(
    grantOf('1'),
    allowance('150', 'block', 'tokens'),
  )(t)
    .when(call('a', [tokens]))
    .yieldsTypes('CreditReserved');
  t.is(reserved?.type === 'CreditReserved' && reserved.data.maxOutput, 50);
});

test('an allowance for some models neither covers nor blocks another', (t) => {
  const scoped = grantOf('5', { asset: 'requests', kind: 'plan', past: 'block', scope: ['other'] });
  const events = after(grantOf('1'), scoped)(t).when(call('a')).yieldsTypes('CreditReserved');
  t.is(assetOf(events), 'CNY');
});

test('of several allowances the first that covers a call is drawn on', (t) => {
  const both = history(grantOf('1'), allowance('50', 'bill', 'tokens'), allowance('1', 'bill'));
  t.is(
    assetOf(
      since(both)(t)
        .when(call('a', [tokens, requests]))
        .yieldsTypes('CreditReserved'),
    ),
    'requests',
  );
});

test('an allowance that blocks stops a call that no other covers', (t) => {
  const both = history(grantOf('1'), allowance('5', 'block', 'tokens'), allowance('1', 'bill'));
  const first = call('a', [tokens, requests]);
  t.is(assetOf(since(both)(t).when(first).yieldsTypes('CreditReserved')), 'requests');
  after(
    grantOf('1'),
    allowance('5', 'block', 'tokens'),
    allowance('1', 'bill'),
    first,
  )(t)
    .when(call('b', [tokens, requests]))
    .isRefused('insufficient_quota');
});

test('without an allowance nothing is covered, though it is nothing', (t) => {
  const nothing: Quote = { asset: 'tokens', fixed: zero, perOutput: zero };
  t.is(
    assetOf(
      after(grantOf('1'))(t)
        .when(call('a', [nothing]))
        .yieldsTypes('CreditReserved'),
    ),
    'CNY',
  );
});

test('money can’t be an allowance that blocks', (t) => {
  since([])(t)
    .when(grantOf('1', { past: 'block' }))
    .isRefused('invalid_limit');
});

test('characters are charged as they were counted, up to the hold', (t) => {
  const characters: Quote = {
    asset: 'characters',
    fixed: new Decimal(20),
    perOutput: new Decimal(4),
  };
  const held = history(allowance('1000', 'block', 'characters'), call('a', [characters]));
  const [settled] = since(held)(t)
    .when(settleOf('a', { input: 10, output: 10 }, { characters: 77 }))
    .yieldsTypes('UsageSettled');
  t.is(settled?.type === 'UsageSettled' && settled.data.charge, '77');
});

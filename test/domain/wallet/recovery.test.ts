import test from 'ava';
import { Decimal } from '../../../src/domain/money.ts';
import type { Cost } from '../../../src/domain/wallet/call-events.ts';
import type { PostLateSettlement } from '../../../src/domain/wallet/commands.ts';
import { endedAs, evidence, lateOf, usage } from '../../support/late-calls.ts';
import { after, balanceOf, legsIn, limitOf, since } from '../../support/wallet-story.ts';
import {
  abandonOf,
  grantOf,
  history,
  noon,
  reserveOf,
  settleOf,
  walletId,
} from '../../support/wallets.ts';

const open = [grantOf('1'), reserveOf('a')] as const;
const cost = { upstream: 'openai', asset: 'USD', amount: '0.5' };

for (const basis of ['usage', 'checkpoint'] as const) {
  test(`an abandoned hold with evidence is settled by its ${basis}`, (t) => {
    const [settled] = after(...open)(t)
      .when(abandonOf('a', { evidence: evidence(basis, 10) }))
      .yieldsTypes('UsageSettled');
    t.like(settled?.data, { basis, charge: '0.00013', swept: true, outcome: 'abandoned' });
  });
}

test('without evidence nothing is charged, and a possible cost waits in suspense', (t) => {
  const [expired] = after(...open)(t)
    .when(abandonOf('a', { possibleCosts: [cost] }))
    .yieldsTypes('ReservationExpired');
  t.deepEqual(legsIn(expired), [
    `hold:${walletId}:promo CNY 0.0004`,
    `credit:${walletId}:promo CNY -0.0004`,
    'suspense USD 0.5',
    'payable:llm:openai USD -0.5',
  ]);
});

test('a call that outlived its hold is charged the difference, once', (t) => {
  const swept = history(...open, abandonOf('a', { evidence: evidence('checkpoint', 10) }));
  const [late] = since(swept)(t).when(lateOf(60)).yieldsTypes('LateSettlementPosted');
  t.like(late?.data, { charge: '0.00028', difference: '0.00015' });
  t.deepEqual(legsIn(late), [`credit:${walletId}:promo CNY 0.00015`, 'revenue:usage CNY -0.00015']);
  since([...swept, ...(late ? [late] : [])])(t)
    .when(lateOf(60))
    .yields();
});

test('a late charge is never more than the hold was', (t) => {
  const swept = history(...open, abandonOf('a'));
  const [late, overrun] = since(swept)(t)
    .when(lateOf(5_000))
    .yieldsTypes('LateSettlementPosted', 'OverageAccrued');
  t.like(late?.data, { charge: '0.0004' });
  t.like(overrun?.data, { amount: '0.0147', treatment: 'absorbed' });
  t.deepEqual(legsIn(overrun), ['writeoff CNY 0.0147', 'revenue:usage CNY -0.0147']);
});

test('an overrun that the sweeper wrote down is not said again', (t) => {
  const swept = history(...open, abandonOf('a', { evidence: evidence('checkpoint', 2_000) }));
  since(swept)(t).when(lateOf(2_000)).yieldsTypes('LateSettlementPosted');
  const [, more] = since(swept)(t)
    .when(lateOf(5_000))
    .yieldsTypes('LateSettlementPosted', 'OverageAccrued');
  t.like(more?.data, { amount: '0.009' });
});

const inCharacters = { asset: 'characters', fixed: new Decimal(10), perOutput: new Decimal(4) };
const read = [
  grantOf('900', { asset: 'characters' }),
  reserveOf('a', { quotes: [inCharacters] }),
] as const;

test('what a call is paid in and nobody counted is charged up to its bound', (t) => {
  for (const command of [
    settleOf('a', { output: 5 }),
    abandonOf('a', { evidence: evidence('usage', 5) }),
  ]) {
    const [settled] = after(...read)(t)
      .when(command)
      .yieldsTypes('UsageSettled');
    t.like(settled?.data, { basis: 'bound', charge: '410', characters: null, returned: [] });
  }
  const [counted] = after(...read)(t)
    .when(settleOf('a', { output: 5 }, { characters: 30 }))
    .yieldsTypes('UsageSettled');
  t.like(counted?.data, { basis: 'usage', charge: '30' });
});

test('a late settlement that nobody counted is charged up to the bound, one that failed nothing', (t) => {
  const swept = history(...read, abandonOf('a'));
  const [late] = since(swept)(t).when(lateOf(5)).yieldsTypes('LateSettlementPosted');
  t.like(late?.data, { charge: '410', difference: '410' });
  const [failed] = since(swept)(t)
    .when(lateOf(5, endedAs('upstream_failed')))
    .yieldsTypes('LateSettlementPosted');
  t.like(failed?.data, { charge: '0', difference: '0' });
});

test('a call that was swept can be reserved again only when nobody remembers it', (t) => {
  const swept = history(...open, abandonOf('a'));
  const again = (at: string) => reserveOf('a', { at });
  since(swept)(t).when(again('2026-01-02T12:00:00.000Z')).isRefused('hold_conflict');
  since(swept)(t).when(again('2026-01-02T12:00:00.001Z')).yieldsTypes('CreditReserved');
});

test('a late difference is drawn from what its model may use, and not from an overdraft', (t) => {
  const swept = history(
    grantOf('0.0004', { kind: 'paid' }),
    limitOf({ window: 'total', measure: 'overdraft', most: '1' }),
    reserveOf('a'),
    abandonOf('a'),
    {
      type: 'RevokeCredit',
      lotId: grantOf('0.0004', { kind: 'paid' }).lotId,
      reason: 'x',
      at: noon,
    },
    grantOf('1', { scope: ['other'] }),
  );
  since(swept)(t).when(lateOf(60)).isRefused('insufficient_quota');
});

test('too large a charge is given back as credit of the same kind', (t) => {
  const swept = history(...open, abandonOf('a', { evidence: evidence('checkpoint', 60) }));
  const events = since(swept)(t).when(lateOf(10)).yieldsTypes('LateSettlementPosted');
  t.like(events[0]?.data, { difference: '-0.00015' });
  t.deepEqual(balanceOf([...swept, ...events]), ['CNY 0.99987 0 0.99987']);
});

const request = { asset: 'requests', fixed: new Decimal(1), perOutput: new Decimal(0) };
const onAllowance = history(
  grantOf('3', { asset: 'requests' }),
  limitOf({ window: 'day', measure: 'tokens', most: '1000' }),
  reserveOf('a', { quotes: [request] }),
  abandonOf('a', { evidence: evidence('checkpoint', 10) }),
);
const nothing = { ...usage(0), input: 0 };

for (const outcome of ['upstream_failed', 'upstream_timed_out', 'refused', 'abandoned'] as const) {
  test(`a swept call that is ${outcome} gets its request back`, (t) => {
    const events = since(onAllowance)(t)
      .when(lateOf(20, endedAs(outcome)))
      .yieldsTypes('LateSettlementPosted');
    t.like(events[0]?.data, { charge: '0', difference: '-1', counted: [{ amount: '-110' }] });
    t.deepEqual(balanceOf([...onAllowance, ...events]).slice(1), ['requests 3 0 3']);
  });
}

test('a swept call that is ended by hand costs its request only when something of it came', (t) => {
  const late = (more: Partial<PostLateSettlement>) => {
    const events = since(onAllowance)(t).when(lateOf(20, more)).yieldsTypes('LateSettlementPosted');
    return events[0]?.type === 'LateSettlementPosted' && events[0].data.charge;
  };
  t.is(late({ ...endedAs('client_closed'), usage: nothing }), '0');
  t.is(late(endedAs('client_closed')), '1');
  t.is(late({ ...endedAs('completed'), usage: nothing }), '1');
});

test('a call that is reserved, swept and given back twice has two lots of it', (t) => {
  const round = [reserveOf('a'), abandonOf('a', { evidence: evidence('usage', 10) })];
  const failed = lateOf(0, endedAs('upstream_failed'));
  const events = history(grantOf('1'), ...round, failed, ...round, failed);
  t.deepEqual(balanceOf(events), ['CNY 1 0 1']);
});

test('a difference that is no longer available is refused', (t) => {
  const swept = history(grantOf('0.0004'), reserveOf('a'), abandonOf('a'), reserveOf('b'));
  since(swept)(t).when(lateOf(60)).isRefused('insufficient_quota');
});

test('a day later nobody remembers the call', (t) => {
  after(
    ...open,
    abandonOf('a'),
  )(t)
    .when(lateOf(60, { at: '2026-01-02T12:00:00.001Z' }))
    .yields();
  after(
    ...open,
    abandonOf('a'),
  )(t)
    .when(lateOf(60, { at: '2026-01-02T12:00:00.000Z' }))
    .yieldsTypes('LateSettlementPosted');
});

test('a call that ended by itself posts nothing late', (t) => {
  after(...open)(t)
    .when(lateOf(60))
    .yields();
});

test('a known cost takes the place of one that waited in suspense', (t) => {
  const swept = history(...open, abandonOf('a', { possibleCosts: [cost] }));
  const costs = [{ ...cost, amount: '0.3' }];
  const [late] = since(swept)(t).when(lateOf(0, { costs })).yieldsTypes('LateSettlementPosted');
  t.deepEqual(legsIn(late).slice(-3), [
    'cogs:llm:openai USD 0.3',
    'payable:llm:openai USD 0.2',
    'suspense USD -0.5',
  ]);
});

for (const how of ['settled', 'expired'] as const) {
  test(`a cost that was booked when a hold was swept and ${how} is not booked again`, (t) => {
    const found = how === 'settled' ? { evidence: evidence('checkpoint', 10) } : {};
    const swept = history(...open, abandonOf('a', { ...found, costs: [cost, cost] }));
    const late = (costs: readonly Cost[]) => {
      const [posted] = since(swept)(t)
        .when(lateOf(10, { costs }))
        .yieldsTypes('LateSettlementPosted');
      return posted?.type === 'LateSettlementPosted' ? posted : undefined;
    };
    const costLegsOf = (costs: readonly Cost[]) =>
      legsIn(late(costs)).filter((leg) => !/CNY/.test(leg));
    t.deepEqual(costLegsOf([{ ...cost, amount: '1' }]), []);
    t.deepEqual(late([cost, cost])?.data.costs, []);
    t.deepEqual(late([{ ...cost, amount: '1.2' }])?.data.costs, [{ ...cost, amount: '0.2' }]);
    t.deepEqual(costLegsOf([cost, { ...cost, upstream: 'other' }]), [
      'cogs:llm:openai USD -0.5',
      'payable:llm:openai USD 0.5',
      'cogs:llm:other USD 0.5',
      'payable:llm:other USD -0.5',
    ]);
  });
}

for (const isHeld of [true, false]) {
  test(`what comes back of a lot that was revoked ${isHeld ? 'while held' : 'when charged'} is revoked too`, (t) => {
    const revoke = {
      type: 'RevokeCredit',
      lotId: open[0].lotId,
      reason: 'fraud',
      at: noon,
    } as const;
    const sweep = abandonOf('a', { evidence: evidence('checkpoint', 50) });
    const before = history(...open, ...(isHeld ? [revoke, sweep] : [sweep, revoke]));
    const events = since(before)(t)
      .when(lateOf(0, endedAs('upstream_failed')))
      .yieldsTypes('LateSettlementPosted', 'CreditRevoked');
    t.like(events[1]?.data, { amount: '0.00025', reason: 'returned' });
    t.deepEqual(balanceOf([...before, ...events]), ['CNY 0 0 0']);
  });
}

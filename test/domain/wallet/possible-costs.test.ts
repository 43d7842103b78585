import test from 'ava';
import { imbalance } from '../../../src/domain/accounts.ts';
import { canonical, Decimal, money, sum } from '../../../src/domain/money.ts';
import { walletBooks } from '../../../src/domain/wallet/books.ts';
import type { BookedCost } from '../../../src/domain/wallet/call-events.ts';
import type { WalletCommand } from '../../../src/domain/wallet/commands.ts';
import { wallet } from '../../../src/domain/wallet/decider.ts';
import type { WalletEvent } from '../../../src/domain/wallet/events.ts';
import type { Wallet } from '../../../src/domain/wallet/wallet.ts';
import { fold } from '../../support/given.ts';
import { endedAs, evidence, lateOf } from '../../support/late-calls.ts';
import { after, balanceOf, legsIn, since } from '../../support/wallet-story.ts';
import {
  abandonOf,
  ending,
  grantOf,
  history,
  noon,
  releaseOf,
  reserveOf,
  settleOf,
  walletId,
} from '../../support/wallets.ts';

/** USD 0.00001, and 0.000001 for each token of output. */
const mayCost = {
  ...{ upstream: 'openai', asset: 'USD' },
  ...{ fixed: new Decimal('0.00001'), perOutput: new Decimal('0.000001') },
};
const open = [grantOf('1'), reserveOf('a', { mayCost })] as const;
const unnoted = abandonOf('a', { possibleCosts: null });
const cost = { upstream: 'openai', asset: 'USD', amount: '0.00004' };

const { clientRequestId: _, ...reservedCall } = reserveOf('a').call;

const waiting = (events: readonly WalletEvent[]) =>
  events.flatMap(legsIn).filter((leg) => /suspense|payable/.test(leg));

test('of a call that nobody has noted anything of, its hold says what it may cost', (t) => {
  const [expired] = after(...open)(t)
    .when(unnoted)
    .yieldsTypes('ReservationExpired');
  t.like(expired?.data, {
    ...{ basis: 'no_evidence', costs: [] },
    possibleCosts: [{ ...cost, amount: '0.00011' }],
  });
  t.deepEqual(legsIn(expired).slice(-2), [
    'suspense USD 0.00011',
    'payable:llm:openai USD -0.00011',
  ]);
});

test('what a clamped call may cost is for the output that is held', (t) => {
  const events = history(grantOf('0.00022'), reserveOf('a', { mayCost }), unnoted);
  t.like(events.find(({ type }) => type === 'CreditReserved')?.data, {
    ...{ maxOutput: 40, mayCost: { ...cost, amount: '0.00005' } },
  });
  t.deepEqual(waiting(events), ['suspense USD 0.00005', 'payable:llm:openai USD -0.00005']);
});

test('the journal’s word is worth more than the hold’s, also when it is that nothing may cost', (t) => {
  t.deepEqual(waiting(history(...open, abandonOf('a'))), []);
  t.deepEqual(waiting(history(...open, abandonOf('a', { possibleCosts: [cost] }))), [
    'suspense USD 0.00004',
    'payable:llm:openai USD -0.00004',
  ]);
  const counted = { evidence: evidence('checkpoint', 10), possibleCosts: null };
  t.deepEqual(waiting(history(...open, abandonOf('a', counted))), []);
});

test('a call that ends by itself leaves nothing of what it might have cost', (t) => {
  t.deepEqual(waiting(history(...open, settleOf('a', { output: 5 }))), []);
  t.deepEqual(waiting(history(...open, releaseOf('a'))), []);
});

test('of a hold that says nothing, or that it costs nothing, nothing is possible', (t) => {
  const free = { ...mayCost, fixed: new Decimal(0), perOutput: new Decimal(0) };
  for (const reserve of [reserveOf('a'), reserveOf('a', { mayCost: free })]) {
    const events = history(grantOf('1'), reserve, unnoted);
    t.false(events.some(({ data }) => 'mayCost' in data));
    t.like(events.at(-1), { type: 'ReservationExpired', data: { possibleCosts: [] } });
  }
});

test('what a call may cost is known in the next stream and from a snapshot', (t) => {
  const state = fold(wallet, history(...open));
  const sweeps = (known: Wallet | undefined) =>
    known && waiting(wallet.decide(unnoted, known)).length;
  const closed = walletBooks.close(state, { stream: 'wallet-1@0', at: noon });
  t.is(sweeps(fold(wallet, [walletBooks.open(closed)])), 2);
  t.is(sweeps(walletBooks.restore(JSON.parse(JSON.stringify(walletBooks.save(state))))), 2);
});

const ends = {
  'is complete': { late: lateOf(10, { costs: [cost] }), owed: cost.amount },
  'failed after it had begun': {
    late: lateOf(0, { ...endedAs('upstream_failed'), costs: [cost] }),
    owed: cost.amount,
  },
  'was never answered': { late: lateOf(0, endedAs('client_closed')), owed: '0' },
};

for (const [how, { late, owed }] of Object.entries(ends)) {
  test(`a call that outlived its hold and ${how} takes back what it might have cost`, (t) => {
    const events = history(...open, unnoted, late);
    t.is(events.at(-1)?.type, 'LateSettlementPosted');
    const legs = events.flatMap(({ data }) => ('legs' in data ? data.legs : []));
    const on = (account: string) =>
      canonical(sum(legs.flatMap((leg) => (leg.account === account ? [money(leg.amount)] : []))));
    t.is(on('suspense'), '0');
    t.is(on('cogs:llm:openai'), owed);
    t.is(on('payable:llm:openai'), owed === '0' ? '0' : `-${owed}`);
    t.is(imbalance(legs).size, 0);
  });
}

/** Credit for one call, which another one holds by the time that its first one, swept, tells its end. */
const spent = (swept: WalletCommand) => [
  ...[grantOf('0.0004'), reserveOf('a', { mayCost }), swept],
  reserveOf('b', { input: 100 }),
];
const checkpoint = (costs: readonly BookedCost[]) =>
  abandonOf('a', { evidence: evidence('checkpoint', 10), possibleCosts: null, costs });
const atCheckpoint = { ...cost, amount: '0.00002' };

const found = {
  'nothing was known of': unnoted,
  'a checkpoint was known of': checkpoint([atCheckpoint]),
  'only its first attempt was known of': abandonOf('a', { costs: [atCheckpoint] }),
  'a checkpoint was known of, but no cost': checkpoint([]),
};

for (const [what, swept] of Object.entries(found)) {
  test(`a call that ${what} and that can’t be charged more costs us what it tells`, (t) => {
    const before = history(...spent(swept));
    const [posted] = since(before)(t)
      .when(lateOf(60, { costs: [cost] }))
      .yieldsTypes('LateCostsPosted');
    const events = posted ? [...before, posted] : before;
    const legs = events.flatMap(({ data }) => ('legs' in data ? data.legs : []));
    const on = (account: string) =>
      canonical(sum(legs.flatMap((leg) => (leg.account === account ? [money(leg.amount)] : []))));
    t.is(on('suspense'), '0');
    t.is(on('cogs:llm:openai'), cost.amount);
    t.is(on('payable:llm:openai'), `-${cost.amount}`);
    t.is(imbalance(legs).size, 0);
    t.deepEqual(balanceOf(events), balanceOf(before), 'its charge stays');
    since(events)(t)
      .when(lateOf(60, { costs: [cost] }))
      .yields();
  });
}

test('a call that can’t be charged more and whose cost is booked is only refused', (t) => {
  const before = history(...spent(checkpoint([cost])));
  since(before)(t)
    .when(lateOf(60, { costs: [cost] }))
    .isRefused('insufficient_quota');
});

test('what is booked late of a call that can’t be charged counts as its other costs do', (t) => {
  const facts = { scenario: 'support', plan: 'pro', clientApp: 'app' };
  const before = history(...spent(checkpoint([{ ...atCheckpoint, ...facts }])));
  const [posted] = since(before)(t)
    .when(lateOf(60, { costs: [{ ...cost, ...facts }] }))
    .yieldsTypes('LateCostsPosted');
  t.deepEqual(posted?.data, {
    ...{ walletId, call: reservedCall, upstream: ending.upstream, at: noon },
    upstreamModel: ending.upstreamModel,
    costs: [{ ...cost, amount: '0.00002', ...facts }],
    legs: [
      { account: 'cogs:llm:openai', asset: 'USD', amount: '0.00002' },
      { account: 'payable:llm:openai', asset: 'USD', amount: '-0.00002' },
    ],
  });
});

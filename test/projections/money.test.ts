import test from 'ava';
import { nameId } from '../../src/domain/ids.ts';
import { Decimal } from '../../src/domain/money.ts';
import type { ResolveAbandoned } from '../../src/domain/wallet/commands.ts';
import type { WalletEvent } from '../../src/domain/wallet/events.ts';
import { balance } from '../../src/projections/balance.ts';
import { calls } from '../../src/projections/calls.ts';
import { openHolds } from '../../src/projections/open-holds.ts';
import { trialBalance } from '../../src/projections/trial-balance.ts';
import { upstreamCostsByDay } from '../../src/projections/upstream-costs-by-day.ts';
import { usageByDay } from '../../src/projections/usage-by-day.ts';
import { lateOf } from '../support/late-calls.ts';
import { recorded } from '../support/recorded.ts';
import {
  abandonOf,
  ending,
  grantOf,
  history,
  memberId,
  noon,
  price,
  releaseOf,
  reserveOf,
  settleOf,
  walletId,
} from '../support/wallets.ts';

const [opened, granted, reserved, settled] = history(
  grantOf('1'),
  reserveOf('a'),
  settleOf('a', { input: 50, cachedInput: 10, output: 20, reasoning: 5 }),
);
const released = last(history(grantOf('1'), reserveOf('a'), releaseOf('a')));
const expired = last(history(grantOf('1'), reserveOf('a'), abandonOf('a')));
const overrun = history(grantOf('1'), reserveOf('a'), settleOf('a', { output: 500 }));
const overage = last(overrun);
const lapsed = last(
  history(
    grantOf('1', { expiresAt: '2026-01-01T13:00:00.000Z' }),
    reserveOf('a'),
    settleOf('a', { input: 50 }, { at: '2026-01-01T14:00:00.000Z' }),
  ),
);

function last(events: readonly WalletEvent[]): WalletEvent | undefined {
  return events.at(-1);
}

function rows(projection: { rowsOf: typeof balance.rowsOf }, event: WalletEvent | undefined) {
  if (!event) throw new Error('The history has no such event.');
  return projection.rowsOf(recorded(event));
}

test('an opened wallet has a balance of nothing in its currency', (t) => {
  t.deepEqual(rows(balance, opened), [
    { wallet_id: walletId, asset: 'CNY', posted: '0', held: '0' },
  ]);
});

test('a grant raises what is posted', (t) => {
  t.deepEqual(rows(balance, granted), [{ wallet_id: walletId, asset: 'CNY', posted: '1' }]);
});

test('a reservation moves from the spendable to the held part', (t) => {
  t.deepEqual(rows(balance, reserved), [
    { wallet_id: walletId, asset: 'CNY', posted: '-0.0004' },
    { wallet_id: walletId, asset: 'CNY', posted: '0.0004', held: '0.0004' },
  ]);
});

test('a settlement takes the charge and frees the rest of the hold', (t) => {
  // 50 × 0.000001 + 10 × 0.0000005 + 25 × 0.000003 = 0.00013 of a hold of 0.0004.
  t.deepEqual(rows(balance, settled), [
    { wallet_id: walletId, asset: 'CNY', posted: '-0.0004', held: '-0.0004' },
    { wallet_id: walletId, asset: 'CNY', posted: '0.00027' },
  ]);
});

test('every leg of every event is in the trial balance', (t) => {
  t.deepEqual(rows(trialBalance, granted), [
    { account: 'promo:expense', asset: 'CNY', balance: '1' },
    { account: `credit:${walletId}:promo`, asset: 'CNY', balance: '-1' },
  ]);
  t.deepEqual(rows(trialBalance, overage), [
    { account: 'writeoff', asset: 'CNY', balance: '0.0011' },
    { account: 'revenue:usage', asset: 'CNY', balance: '-0.0011' },
  ]);
  t.deepEqual(rows(trialBalance, opened), []);
});

test('credit that expires leaves the balance', (t) => {
  t.is(lapsed?.type, 'CreditExpired');
  t.deepEqual(rows(balance, lapsed), [{ wallet_id: walletId, asset: 'CNY', posted: '-0.99995' }]);
});

test('a reserved call has an open row with its price and its hold', (t) => {
  t.deepEqual(rows(calls, reserved), [
    {
      id: nameId('a'),
      request_id: 'req_a',
      client_request_id: null,
      at: noon,
      member_id: memberId,
      wallet_id: walletId,
      api_key_id: nameId('key'),
      model: 'demo',
      status: 'open',
      price_version: 1,
      price_currency: 'CNY',
      price_input: '1',
      price_cached_input: '0.5',
      price_output: '3',
      price_cache_write: null,
      price_reasoning: null,
      price_request: null,
      hold: '0.0004',
      asset: 'CNY',
    },
  ]);
});

const end = {
  id: nameId('a'),
  outcome: 'completed',
  upstream: 'sandbox',
  upstream_model: 'demo',
  latency_ms: 12,
  first_token_ms: 3,
  ended_at: noon,
};

test('a settled call says what it used and what it cost', (t) => {
  t.deepEqual(rows(calls, settled), [
    {
      ...end,
      status: 'settled',
      basis: 'usage',
      input: 50,
      cached_input: 10,
      output: 20,
      reasoning: 5,
      cache_write: null,
      charge: '0.00013',
    },
  ]);
});

test('a released call costs nothing', (t) => {
  t.deepEqual(rows(calls, released), [
    { ...end, status: 'released', basis: 'released', charge: '0' },
  ]);
});

test('an expired call costs nothing and says that there was no evidence', (t) => {
  t.deepEqual(rows(calls, expired), [
    { ...end, outcome: 'abandoned', status: 'expired', basis: 'no_evidence', charge: '0' },
  ]);
});

const usage = (output: number) => ({ input: 50, cachedInput: 0, output, reasoning: 0 });
const lateAfter = (
  evidence: ResolveAbandoned['evidence'],
  { output = 20, ...more }: Parameters<typeof reserveOf>[1] & { output?: number } = {},
) =>
  last(
    history(grantOf('1'), reserveOf('a', more), abandonOf('a', { evidence }), {
      ...{
        type: 'PostLateSettlement',
        callId: nameId('a'),
        usage: usage(output),
        characters: null,
      },
      ...{ ending, costs: [{ upstream: 'openai', asset: 'USD', amount: '1' }] },
      ...{ overrun: 'absorbed', at: noon },
    }),
  );
const late = lateAfter({ basis: 'checkpoint', usage: usage(10), characters: null });
const lateAndFirst = lateAfter(null);
const corrected = last(
  history(grantOf('1'), {
    ...{ type: 'CorrectUsage', eventId: nameId('event'), callId: nameId('a'), memberId },
    ...{ model: 'demo', asset: 'CNY', reason: 'test', approver: memberId, at: noon },
    charged: [
      { kind: 'promo', priority: 0, expiresAt: null, scope: null, amount: new Decimal('0.3') },
    ],
    amount: new Decimal('0.1'),
  }),
);

test('a late settlement says what the call itself knew, whatever was charged before', (t) => {
  const tokens = { input: 50, cached_input: 0, output: 20, reasoning: 0, cache_write: null };
  const cost = { cost: '1', cost_currency: 'USD', cost_rated: [] };
  const known = { ...tokens, charge: '0.00011', ...cost };
  for (const event of [late, lateAndFirst]) {
    t.deepEqual(rows(calls, event), [{ ...end, ...known, status: 'settled', basis: 'late' }]);
  }
});

const uncharged = last(
  history(
    ...[grantOf('0.0004'), reserveOf('a'), abandonOf('a'), reserveOf('b', { input: 100 })],
    lateOf(60, { costs: [{ upstream: 'openai', asset: 'USD', amount: '1', plan: 'pro' }] }),
  ),
);

test('what a call cost that could not be charged changes nothing of its charge', (t) => {
  t.is(uncharged?.type, 'LateCostsPosted');
  const asked = { upstream: ending.upstream, upstream_model: ending.upstreamModel };
  const cost = { cost: '1', cost_currency: 'USD', cost_rated: [] };
  t.deepEqual(rows(calls, uncharged), [{ id: nameId('a'), ...asked, ...cost }]);
  t.deepEqual(rows(usageByDay, uncharged), []);
  t.like(rows(upstreamCostsByDay, uncharged), [{ upstream: 'openai', plan: 'pro', cost: '1' }]);
});

const day = { member_id: memberId, day: '2026-01-01', model: 'demo', asset: 'CNY' };

test('usage counts the difference, and the call where none was counted', (t) => {
  t.deepEqual(rows(usageByDay, late), [{ ...day, charge: '0.00003' }]);
  const tokens = { input: 50, cached_input: 0, output: 20, reasoning: 0, cache_write: 0 };
  const whole = { calls: 1, ...tokens };
  t.deepEqual(rows(usageByDay, lateAndFirst), [{ ...day, ...whole, charge: '0.00011' }]);
});

test('a call that the sweeper settled for nothing is not counted again', (t) => {
  const free = { ...price, prices: { input: '0', cachedInput: '0', output: '3' } };
  const of = (evidence: ResolveAbandoned['evidence'], output: number) =>
    lateAfter(evidence, { price: free, output });
  const checkpoint = { basis: 'checkpoint', usage: usage(0), characters: null } as const;
  t.deepEqual(rows(usageByDay, of(checkpoint, 20)), [{ ...day, charge: '0.00006' }]);
  const tokens = { input: 50, cached_input: 0, reasoning: 0, cache_write: 0 };
  const counted = { ...day, calls: 1, ...tokens };
  t.deepEqual(rows(usageByDay, of(null, 0)), [{ ...counted, output: 0, charge: '0' }]);
});

test('of a late settlement from before it told, the charges tell whether it is the first', (t) => {
  const older = (event: WalletEvent | undefined) =>
    event?.type === 'LateSettlementPosted'
      ? { ...event, data: { ...event.data, first: null } }
      : undefined;
  for (const event of [late, lateAndFirst]) {
    t.deepEqual(rows(usageByDay, older(event)), rows(usageByDay, event));
  }
});

test('a correction lowers the day’s charge and stands beside the call’s', (t) => {
  t.deepEqual(rows(usageByDay, corrected), [{ ...day, charge: '-0.1' }]);
  t.deepEqual(rows(calls, corrected), [{ id: nameId('a'), corrected: '0.1' }]);
  t.deepEqual(rows(balance, corrected), [{ wallet_id: walletId, asset: 'CNY', posted: '0.1' }]);
});

test('costs of upstreams are in the trial balance and in no member’s', (t) => {
  t.regex(JSON.stringify(rows(trialBalance, late)), /"account":"cogs:llm:openai"/);
  t.deepEqual(rows(balance, late), [{ wallet_id: walletId, asset: 'CNY', posted: '-0.00003' }]);
});

const rated = { usage: usage(20), prices: price.prices };
const costly = last(
  history(
    grantOf('1'),
    reserveOf('a'),
    releaseOf('a', {
      costs: [
        { upstream: 'claude', asset: 'USD', amount: '0.5', rated },
        { upstream: 'qwen', asset: 'CNY', amount: '0.2', scenario: 'code', plan: 'pro' },
        { upstream: 'qwen', asset: 'CNY', amount: '0.00011', clientApp: 'shop', rated },
      ],
    }),
  ),
);

test('a call has the cost of all its attempts that were paid in the last one’s currency', (t) => {
  t.like(rows(calls, costly)[0], {
    ...{ charge: '0', cost: '0.20011', cost_currency: 'CNY' },
    cost_rated: [{ upstream: 'qwen', ...rated }],
  });
});

test('what upstreams charge is counted by all that budgets are for', (t) => {
  const none = { scenario: '', plan: '', client_app: '' };
  const booking = { day: '2026-01-01', model: 'demo', ...none, bookings: 1 };
  t.deepEqual(rows(upstreamCostsByDay, costly), [
    { ...booking, upstream: 'claude', currency: 'USD', cost: '0.5' },
    { ...booking, upstream: 'qwen', scenario: 'code', plan: 'pro', currency: 'CNY', cost: '0.2' },
    { ...booking, upstream: 'qwen', client_app: 'shop', currency: 'CNY', cost: '0.00011' },
  ]);
  t.deepEqual(
    rows(upstreamCostsByDay, late).map(({ cost }) => cost),
    ['1'],
  );
  t.deepEqual(rows(upstreamCostsByDay, settled), []);
});

test('use beyond the hold stands beside the charge', (t) => {
  t.deepEqual(rows(calls, overage), [{ id: nameId('a'), overage: '0.0011' }]);
});

test('usage is counted on the UTC day of its settlement', (t) => {
  t.deepEqual(rows(usageByDay, settled), [
    {
      member_id: memberId,
      day: '2026-01-01',
      model: 'demo',
      asset: 'CNY',
      calls: 1,
      input: 50,
      cached_input: 10,
      output: 20,
      reasoning: 5,
      cache_write: 0,
      charge: '0.00013',
    },
  ]);
  t.deepEqual(rows(usageByDay, released), []);
});

test('a hold is open until it is settled, released or expired', (t) => {
  t.deepEqual(rows(openHolds, reserved), [
    {
      call_id: nameId('a'),
      wallet_id: walletId,
      process_id: nameId('process'),
      request_id: 'req_a',
      at: noon,
      open: true,
    },
  ]);
  for (const event of [settled, released, expired]) {
    t.deepEqual(rows(openHolds, event), [{ call_id: nameId('a'), open: false }]);
  }
});

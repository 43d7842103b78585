import test from 'ava';
import { eventIdOf, nameId } from '../../../src/domain/ids.ts';
import { Decimal } from '../../../src/domain/money.ts';
import { ChargeChanged, chargeFinder } from '../../../src/domain/wallet/charged.ts';
import type { CorrectUsage, WalletCommand } from '../../../src/domain/wallet/commands.ts';
import { wallet } from '../../../src/domain/wallet/decider.ts';
import { fold } from '../../support/given.ts';
import { endedAs, evidence, lateOf } from '../../support/late-calls.ts';
import { decodeWallet } from '../../support/wallet-log.ts';
import { after, balanceOf, legsIn, since } from '../../support/wallet-story.ts';
import {
  abandonOf,
  grantOf,
  history,
  memberId,
  noon,
  reserveOf,
  settleOf,
  walletId,
} from '../../support/wallets.ts';

const swept = [
  grantOf('1'),
  reserveOf('a'),
  abandonOf('a', { evidence: evidence('checkpoint', 60) }),
] as const;
const late = lateOf(10);

/** What may be given back of a settlement after these commands, at so many hours past noon each. */
function chargedIn(commands: readonly WalletCommand[], hours: readonly number[] = []) {
  const events = history(...commands);
  const place = events.findIndex(({ type }) => type === 'UsageSettled');
  const idOf = (index: number) => eventIdOf('story', index);
  const finder = chargeFinder(idOf(place));
  for (const [index, { type, data }] of events.entries()) {
    const at = new Date(Date.parse(noon) + (hours[index] ?? 0) * 3_600_000).toISOString();
    const stored = {
      ...{ id: idOf(index), stream: 'wallet-1@0', revision: BigInt(index), position: 0n, type },
      data: JSON.parse(JSON.stringify(data)),
      metadata: {
        ...{ v: 1, commandId: 'story', $correlationId: 'story', source: 'test' },
        ...{ actor: { type: 'system', id: 'test' }, recordedAt: at, effectiveAt: at },
      },
    };
    if (!finder.take(decodeWallet(stored))) break;
  }
  return { events, charged: finder.done(), eventId: idOf(place) };
}

const correctionIn = (
  { charged, eventId }: ReturnType<typeof chargedIn>,
  amount: string,
): CorrectUsage => {
  if (!charged) throw new Error('Nothing was charged.');
  const how = { amount: new Decimal(amount), reason: 'test', approver: 'ann', at: noon };
  return { type: 'CorrectUsage', eventId, ...charged, ...how };
};

test('what a swept call was charged may change until it has said what it consumed', (t) => {
  const settled = [grantOf('1'), reserveOf('a'), settleOf('a', { output: 60 })];
  t.false(chargedIn(settled).charged?.mayChange);
  t.true(chargedIn(swept).charged?.mayChange);
  t.false(chargedIn([...swept, late]).charged?.mayChange);
  const more = [...swept, grantOf('2')];
  t.true(chargedIn(more, [0, 0, 0, 0, 24]).charged?.mayChange);
  t.false(chargedIn(more, [0, 0, 0, 0, 24.01]).charged?.mayChange);
});

test('a correction must be asked for again when the call has said it meanwhile', (t) => {
  const before = chargedIn(swept);
  const stale = correctionIn(before, '0.00028');
  t.deepEqual(
    wallet.decide(stale, fold(wallet, before.events)).map(({ type }) => type),
    ['UsageCorrected'],
  );
  const now = chargedIn([...swept, late]);
  const state = fold(wallet, now.events);
  t.throws(() => wallet.decide(stale, state), { instanceOf: ChargeChanged });
  t.throws(() => wallet.decide(correctionIn(now, '0.00028'), state), { code: 'invalid_amount' });
  t.is(wallet.decide(correctionIn(now, '0.00013'), state).length, 1);
});

const correctionOf = (amount: string, more: Partial<CorrectUsage> = {}): CorrectUsage => ({
  type: 'CorrectUsage',
  eventId: nameId('settlement'),
  callId: nameId('a'),
  memberId,
  model: 'demo',
  asset: 'CNY',
  charged: [
    { kind: 'promo', priority: 0, expiresAt: noon, scope: null, amount: new Decimal('0.2') },
    { kind: 'paid', priority: 1, expiresAt: null, scope: ['demo'], amount: new Decimal('0.1') },
  ],
  amount: new Decimal(amount),
  reason: 'The answer was broken.',
  approver: 'ann',
  at: noon,
  ...more,
});

test('a correction gives back what was taken last first, for thirty days at least', (t) => {
  const [corrected] = after(grantOf('1'))(t)
    .when(correctionOf('0.15'))
    .yieldsTypes('UsageCorrected');
  const lots = corrected?.type === 'UsageCorrected' ? corrected.data.lots : [];
  t.like(lots[0], { kind: 'paid', scope: ['demo'], expiresAt: null, amount: '0.1' });
  t.like(lots[1], { kind: 'promo', expiresAt: '2026-01-31T12:00:00.000Z', amount: '0.05' });
  t.deepEqual(legsIn(corrected), [
    'refunds CNY 0.15',
    `credit:${walletId}:paid CNY -0.1`,
    `credit:${walletId}:promo CNY -0.05`,
  ]);
  since([...history(grantOf('1')), ...(corrected ? [corrected] : [])])(t)
    .when(correctionOf('0.15'))
    .yields();
});

test('a correction is never more than the charge, nor nothing', (t) => {
  after(grantOf('1'))(t).when(correctionOf('0.31')).isRefused('invalid_amount');
  after(grantOf('1'))(t).when(correctionOf('0')).isRefused('invalid_amount');
});

const twoLots = [
  grantOf('0.0001', { kind: 'promo' }),
  grantOf('1', { kind: 'paid' }),
  reserveOf('a'),
  abandonOf('a', { evidence: evidence('checkpoint', 60) }),
] as const;
/** Of the 0.00028 that the sweeper charged: 0.0001 as a gift, the rest as paid. */
const correcting = (amount: string): CorrectUsage => {
  const terms = { priority: 0, expiresAt: null, scope: null };
  const charged = [
    { ...terms, kind: 'promo' as const, amount: new Decimal('0.0001') },
    { ...terms, kind: 'paid' as const, amount: new Decimal('0.00018') },
  ];
  return correctionOf(amount, { charged });
};

for (const { corrected, output, difference, balance, what } of [
  { corrected: '0.00028', output: 0, difference: '0', balance: '1.0001', what: 'all of it' },
  { corrected: '0.00015', output: 10, difference: '0', balance: '0.99997', what: 'as much' },
  { corrected: '0.0001', output: 10, difference: '-0.00005', balance: '0.99997', what: 'less' },
  { corrected: '0.0002', output: 10, difference: '0', balance: '1.00002', what: 'more' },
  { corrected: '0.0001', output: 70, difference: '0.00003', balance: '0.99989', what: 'a part' },
]) {
  test(`a correction gave back ${what}: the call posts ${difference} for ${output} tokens`, (t) => {
    const before = history(...twoLots, correcting(corrected));
    const failed = output === 0 ? endedAs('upstream_failed') : {};
    const events = since(before)(t)
      .when(lateOf(output, failed))
      .yieldsTypes('LateSettlementPosted');
    t.like(events[0]?.data, { difference });
    t.deepEqual(balanceOf([...before, ...events]), [`CNY ${balance} 0 ${balance}`]);
  });
}

test('what a correction has given back of one lot is not given back again', (t) => {
  const [late] = since(history(...twoLots, correcting('0.0001')))(t)
    .when(lateOf(0, endedAs('upstream_failed')))
    .yieldsTypes('LateSettlementPosted');
  const lots = late?.type === 'LateSettlementPosted' ? late.data.lots : [];
  t.deepEqual(
    lots.map(({ kind, amount }) => [kind, amount]),
    [
      ['paid', '0.00008'],
      ['promo', '0.0001'],
    ],
  );
});

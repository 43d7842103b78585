import test from 'ava';
import { eventIdOf, nameId } from '../../../src/domain/ids.ts';
import { Decimal } from '../../../src/domain/money.ts';
import { ChargeChanged, chargeFinder } from '../../../src/domain/wallet/charged.ts';
import type { CorrectUsage, WalletCommand } from '../../../src/domain/wallet/commands.ts';
import { wallet } from '../../../src/domain/wallet/decider.ts';
import { fold } from '../../support/given.ts';
import { decodeWallet } from '../../support/wallet-log.ts';
import {
  abandonOf,
  ending,
  grantOf,
  history,
  noon,
  reserveOf,
  settleOf,
} from '../../support/wallets.ts';

const usage = (output: number) => ({ input: 100, cachedInput: 0, output, reasoning: 0 });
const evidence = { basis: 'checkpoint', usage: usage(60), characters: null } as const;
const swept = [grantOf('1'), reserveOf('a'), abandonOf('a', { evidence })] as const;
const late = {
  ...{ type: 'PostLateSettlement', callId: nameId('a'), usage: usage(10), ending, at: noon },
  ...{ characters: null, costs: [], overrun: 'absorbed' },
} as const satisfies WalletCommand;

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

const correctionOf = (
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
  const stale = correctionOf(before, '0.00028');
  t.deepEqual(
    wallet.decide(stale, fold(wallet, before.events)).map(({ type }) => type),
    ['UsageCorrected'],
  );
  const now = chargedIn([...swept, late]);
  const state = fold(wallet, now.events);
  t.throws(() => wallet.decide(stale, state), { instanceOf: ChargeChanged });
  t.throws(() => wallet.decide(correctionOf(now, '0.00028'), state), { code: 'invalid_amount' });
  t.is(wallet.decide(correctionOf(now, '0.00013'), state).length, 1);
});

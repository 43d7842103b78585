import { z } from 'zod';
import type { StoredEvent } from '../../../src/domain/events.ts';
import { nameId } from '../../../src/domain/ids.ts';
import { hashOf } from '../../../src/domain/wallet/books.ts';
import { stored } from '../../support/recorded.ts';
import { walletLog } from '../../support/wallet-log.ts';
import { limitOf } from '../../support/wallet-story.ts';
import { grantOf, reserveOf, walletId } from '../../support/wallets.ts';
import {
  again,
  broken,
  corrected,
  correctionOf,
  Data,
  fact,
  late,
  leg,
  lotA,
  plain,
  refused,
  renumbered,
  rolled,
  settlementId,
  settles,
  state,
  under,
} from './audit-histories.ts';

/** What is wrong with each, as `invariant type of the event` that is found. */
export const breaks: Readonly<
  Record<string, readonly [readonly StoredEvent[], readonly string[]]>
> = {
  'legs that do not sum to zero (I1)': [
    broken(plain, 'UsageSettled', ({ legs }) => ({
      legs: [...z.array(z.unknown()).parse(legs), leg('writeoff', '1')],
    })),
    ['I1 UsageSettled'],
  ],
  'legs that move another amount than the fold (I2)': [
    broken(plain, 'UsageSettled', ({ legs }) => ({
      legs: [
        ...z.array(z.unknown()).parse(legs),
        leg(`credit:${walletId}:promo`, '-1'),
        leg('revenue:usage', '1'),
      ],
    })),
    ['I2 UsageSettled'],
  ],
  'a hold of more than there is (I3)': [
    walletLog(...settles, reserveOf('b', { input: 1 })).map((event, index, all) =>
      index === all.length - 1 ? overdrawn(event) : event,
    ),
    ['I3 CreditReserved', 'I6 CreditReserved'],
  ],
  'an overdraft beyond its limit (I3)': [
    broken(
      walletLog(
        grantOf('1'),
        limitOf({ window: 'total', measure: 'overdraft', most: '3' }),
        reserveOf('a', { input: 2_000_000 }),
      ),
      'LimitSet',
      () => ({
        limit: { apiKeyId: null, window: 'total', measure: 'overdraft', most: '0.5' },
      }),
    ),
    ['I3 CreditReserved'],
  ],
  'a hold that ends twice (I4)': [
    again(plain, 'UsageSettled', { id: nameId('again'), metadata: under('again') }),
    ['I4 UsageSettled'],
  ],
  'a hold that comes back in part (I4)': [
    broken(plain, 'ReservationReleased', () => ({ returned: [], legs: [] })),
    ['I4 ReservationReleased'],
  ],
  'a negative charge (I5)': [
    broken(plain, 'UsageSettled', () => ({ charge: '-0.00004' })),
    ['I5 UsageSettled'],
  ],
  'a charge that is more than its hold (I5)': [
    broken(plain, 'UsageSettled', () => ({ charge: '5' })),
    ['I5 UsageSettled'],
  ],
  'a charge that is not what the lots gave (I5)': [
    broken(plain, 'UsageSettled', () => ({ charge: '0.00005' })),
    ['I5 UsageSettled'],
  ],
  'a charge that is not what the usage costs (I5)': [
    broken(plain, 'UsageSettled', () => ({
      usage: { input: 10, cachedInput: 0, output: 5, reasoning: 0 },
    })),
    ['I5 UsageSettled'],
  ],
  'a correction of more than was charged (I5)': [
    [
      ...walletLog(...settles, correctionOf(settlementId(plain), '0.00004')),
      ...overcorrection(corrected.at(-1)),
    ],
    ['I5 UsageCorrected'],
  ],
  'a hold that skips a lot (I6)': [
    broken(plain, 'CreditGranted', () => ({ priority: 5 })),
    ['I6 CreditReserved', 'I6 CreditReserved'],
  ],
  'an expiry of a lot that never was (I6)': [
    renumbered([
      ...plain,
      stored(
        {
          type: 'CreditExpired',
          data: { walletId, lotId: nameId('no lot'), asset: 'CNY', amount: '1', legs: [] },
        },
        { stream: plain[0]?.stream ?? '', revision: 99n, position: 9_999n },
      ),
    ]),
    ['I6 CreditExpired'],
  ],
  'an event that occurs again (I7)': [
    again(plain, 'ReservationReleased', {}),
    ['I7 ReservationReleased', 'I4 ReservationReleased'],
  ],
  'a command that was written twice (I7)': [
    again(
      walletLog(
        grantOf('1'),
        limitOf({ window: 'day', measure: 'requests', most: '9' }),
        reserveOf('a'),
      ),
      'LimitSet',
      { id: nameId('another') },
    ),
    ['I7 LimitSet'],
  ],
  'a lot that is granted twice (I8)': [
    again(plain, 'CreditGranted', { id: nameId('again'), metadata: under('again') }),
    ['I8 CreditGranted'],
  ],
  'a closing state that is not the fold (books)': [
    broken(rolled, 'WalletPeriodClosed', (data) => {
      const other = { ...state(data), grants: 99 };
      return { state: other, hash: hashOf(other) };
    }),
    ['books WalletPeriodClosed', 'books WalletPeriodOpened'],
  ],
  'a hash that is another one (books)': [
    broken(rolled, 'WalletPeriodClosed', () => ({ hash: 'f'.repeat(64) })),
    ['books WalletPeriodClosed', 'books WalletPeriodOpened'],
  ],
  'a stream that begins with another state (books)': [
    rolled.map((event) =>
      event.stream.endsWith('@1') && event.type === 'WalletPeriodOpened'
        ? { ...event, data: { ...Data.parse(event.data), hash: 'f'.repeat(64) } }
        : event,
    ),
    ['books WalletPeriodOpened', 'books WalletPeriodClosed'],
  ],
  'an event behind the fence (books)': [
    renumbered([
      ...rolled.slice(0, rolled.findIndex(({ type }) => type === 'WalletPeriodClosed') + 1),
      stored(fact, { stream: rolled[0]?.stream ?? '', position: 9_999n }),
    ]),
    ['books WalletFrozen'],
  ],
  'a refusal where a stream begins that continues another (books)': [
    renumbered([
      ...rolled.slice(0, rolled.findIndex(({ type }) => type === 'WalletPeriodClosed') + 1),
      stored(refused, { stream: rolled.at(-1)?.stream ?? '', position: 9_999n }),
    ]),
    ['books CommandRefused'],
  ],
  'an opening behind other events than refusals (books)': [
    renumbered(late),
    ['books WalletFrozen', 'books WalletFrozen'],
  ],
  'a gap in a stream (books)': [
    plain
      .filter(({ type }) => type !== 'WalletFrozen')
      .map((event) =>
        event.type === 'ReservationReleased' ? { ...event, revision: event.revision + 1n } : event,
      ),
    ['books ReservationReleased'],
  ],
};

/** The last reservation takes all of one lot ten times over, and its legs say so. */
function overdrawn(event: StoredEvent): StoredEvent {
  const data = Data.parse(event.data);
  const alloc = [{ lotId: lotA, asset: 'CNY', amount: '9' }];
  const legs = [leg(`credit:${walletId}:promo`, '9'), leg(`hold:${walletId}:promo`, '-9')];
  return { ...event, data: { ...data, amount: '9', alloc, legs } };
}

/** A second correction of the same settlement, under ids of its own. */
function overcorrection(event: StoredEvent | undefined): readonly StoredEvent[] {
  if (!event) return [];
  const data = Data.parse(event.data);
  const [lot] = z.array(z.record(z.string(), z.unknown())).parse(data.lots);
  const lots = [{ ...lot, lotId: nameId('second correction') }];
  return [
    {
      ...event,
      id: nameId('second'),
      revision: event.revision + 1n,
      metadata: under('second'),
      data: { ...data, lots },
    },
  ];
}

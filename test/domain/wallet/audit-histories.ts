import { z } from 'zod';
import type { StoredEvent } from '../../../src/domain/events.ts';
import { nameId } from '../../../src/domain/ids.ts';
import { Decimal } from '../../../src/domain/money.ts';
import { WalletBook } from '../../../src/domain/wallet/book.ts';
import type { CorrectUsage } from '../../../src/domain/wallet/commands.ts';
import type { WalletEvent } from '../../../src/domain/wallet/events.ts';
import { recorded, stored } from '../../support/recorded.ts';
import { walletLog } from '../../support/wallet-log.ts';
import {
  grantOf,
  memberId,
  noon,
  releaseOf,
  reserveOf,
  settleOf,
  walletId,
} from '../../support/wallets.ts';

export const lotA = nameId('lot a');
const lotB = nameId('lot b');

export const settlementId = (events: readonly StoredEvent[]): string =>
  events.find(({ type }) => type === 'UsageSettled')?.id ?? '';

export const correctionOf = (eventId: string, amount: string): CorrectUsage => ({
  type: 'CorrectUsage',
  eventId,
  callId: nameId('a'),
  memberId,
  model: 'demo',
  asset: 'CNY',
  charged: [
    { kind: 'promo', priority: 0, expiresAt: null, scope: null, amount: new Decimal('0.00004') },
  ],
  amount: new Decimal(amount),
  reason: 'test',
  approver: 'ann',
  at: noon,
});

export const settles = [
  grantOf('0.0003', { lotId: lotA }),
  grantOf('0.0003', { lotId: lotB, kind: 'paid' }),
  reserveOf('a'),
  settleOf('a', { input: 10, output: 10 }),
] as const;
export const plain = walletLog(...settles, reserveOf('b'), releaseOf('b'));
export const corrected = walletLog(...settles, correctionOf(settlementId(plain), '0.00001'));
export const rolled = walletLog(
  ...settles,
  reserveOf('b'),
  'roll',
  releaseOf('b'),
  'roll',
  grantOf('1'),
);

const unsaid = z.unknown().optional();
export const Data = z.looseObject({ state: unsaid, lots: unsaid, legs: unsaid });

/** The same history with the data of one event (the n-th of its type) changed. */
export const broken = (
  events: readonly StoredEvent[],
  type: WalletEvent['type'],
  change: (data: z.infer<typeof Data>) => object,
): readonly StoredEvent[] => {
  const at = events.findIndex((event) => event.type === type);
  return events.map((event, index) => {
    if (index !== at) return event;
    const data = Data.parse(event.data);
    return { ...event, data: { ...data, ...change(data) } };
  });
};

export const leg = (account: string, amount: string) => ({ account, asset: 'CNY', amount });
export const renumbered = (events: readonly StoredEvent[]): readonly StoredEvent[] => {
  const revisions = new Map<string, bigint>();
  return events.map((event) => {
    const revision = revisions.get(event.stream) ?? 0n;
    revisions.set(event.stream, revision + 1n);
    return { ...event, revision };
  });
};
export const again = (
  events: readonly StoredEvent[],
  type: string,
  more: Partial<StoredEvent>,
): readonly StoredEvent[] => {
  const found = events.find((event) => event.type === type);
  return found ? renumbered([...events, { ...found, position: 9_999n, ...more }]) : [];
};
export const under = (commandId: string) => ({ ...recorded(fact).meta, commandId });
export const fact = {
  type: 'WalletFrozen',
  data: { walletId, reason: 'test' },
} as const;
export const refused = {
  type: 'CommandRefused',
  data: { code: 'invalid_amount', message: '', retryAfterSeconds: null },
} as const;
export const late = [stored(fact, { stream: plain[0]?.stream ?? '', position: 1n }), ...plain];
export const state = (data: z.infer<typeof Data>) => WalletBook.parse(data.state);

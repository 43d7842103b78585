import test from 'ava';
import fc from 'fast-check';
import { z } from 'zod';
import type { StoredEvent } from '../../../src/domain/events.ts';
import { nameId } from '../../../src/domain/ids.ts';
import { Decimal } from '../../../src/domain/money.ts';
import { onceAudit } from '../../../src/domain/once/audit.ts';
import { balanceWrongs, walletAudit } from '../../../src/domain/wallet/audit.ts';
import { correctionFindings } from '../../../src/domain/wallet/audit-corrections.ts';
import { WalletBook } from '../../../src/domain/wallet/book.ts';
import { hashOf } from '../../../src/domain/wallet/books.ts';
import type { CorrectUsage } from '../../../src/domain/wallet/commands.ts';
import type { WalletEvent } from '../../../src/domain/wallet/events.ts';
import { recorded, stored } from '../../support/recorded.ts';
import { audited, decodeWallet, randomWalletLog, walletLog } from '../../support/wallet-log.ts';
import { walletSteps } from '../../support/wallet-steps.ts';
import { limitOf } from '../../support/wallet-story.ts';
import {
  grantOf,
  memberId,
  noon,
  releaseOf,
  reserveOf,
  settleOf,
  walletId,
} from '../../support/wallets.ts';

const lotA = nameId('lot a');
const lotB = nameId('lot b');

const settlementId = (events: readonly StoredEvent[]): string =>
  events.find(({ type }) => type === 'UsageSettled')?.id ?? '';

const correctionOf = (eventId: string, amount: string): CorrectUsage => ({
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

const settles = [
  grantOf('0.0003', { lotId: lotA }),
  grantOf('0.0003', { lotId: lotB, kind: 'paid' }),
  reserveOf('a'),
  settleOf('a', { input: 10, output: 10 }),
] as const;
const plain = walletLog(...settles, reserveOf('b'), releaseOf('b'));
const corrected = walletLog(...settles, correctionOf(settlementId(plain), '0.00001'));
const rolled = walletLog(...settles, reserveOf('b'), 'roll', releaseOf('b'), 'roll', grantOf('1'));

const unsaid = z.unknown().optional();
const Data = z.looseObject({ state: unsaid, lots: unsaid, legs: unsaid });

/** The same history with the data of one event (the n-th of its type) changed. */
const broken = (
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

const leg = (account: string, amount: string) => ({ account, asset: 'CNY', amount });
const renumbered = (events: readonly StoredEvent[]): readonly StoredEvent[] => {
  const revisions = new Map<string, bigint>();
  return events.map((event) => {
    const revision = revisions.get(event.stream) ?? 0n;
    revisions.set(event.stream, revision + 1n);
    return { ...event, revision };
  });
};
const again = (
  events: readonly StoredEvent[],
  type: string,
  more: Partial<StoredEvent>,
): readonly StoredEvent[] => {
  const found = events.find((event) => event.type === type);
  return found ? renumbered([...events, { ...found, position: 9_999n, ...more }]) : [];
};
const under = (commandId: string) => ({ ...recorded(fact).meta, commandId });
const fact = {
  type: 'WalletFrozen',
  data: { walletId, reason: 'test' },
} as const;
const refused = {
  type: 'CommandRefused',
  data: { code: 'invalid_amount', message: '', retryAfterSeconds: null },
} as const;
const late = [stored(fact, { stream: plain[0]?.stream ?? '', position: 1n }), ...plain];
const state = (data: z.infer<typeof Data>) => WalletBook.parse(data.state);

const breaks: Readonly<Record<string, readonly [readonly StoredEvent[], readonly string[]]>> = {
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

for (const [what, [events, expected]] of Object.entries(breaks)) {
  test(`the audit finds ${what}`, (t) => {
    const types = new Map(events.map(({ id, type }) => [id, type]));
    t.deepEqual(
      audited(events).map(({ invariant, eventId }) => `${invariant} ${types.get(eventId ?? '')}`),
      expected,
    );
  });
}

test('nothing is found in good histories, across their streams', (t) => {
  for (const events of [plain, corrected, rolled]) t.deepEqual(audited(events), []);
});

test('refusals may stand anywhere, also before a wallet is opened', (t) => {
  const at = { stream: plain[0]?.stream ?? '' };
  const [one, two, three] = [1n, 2n, 3n].map((n) =>
    stored(refused, { ...at, revision: 90n + n, position: 90n + n }),
  );
  if (one && two && three) {
    t.deepEqual(audited(renumbered([one, two, ...plain, three])), []);
  }
});

test('a stream can be checked from its own beginning', (t) => {
  const second = rolled.filter(({ stream }) => stream.endsWith('@1'));
  t.deepEqual(audited(second), []);
});

test('a finding names wallet, event and place', (t) => {
  const [found] = audited(broken(plain, 'UsageSettled', () => ({ charge: '5' })));
  const event = plain.find(({ type }) => type === 'UsageSettled');
  t.like(found, {
    invariant: 'I5',
    wallet: walletId,
    eventId: event?.id,
    position: event?.position,
  });
});

test('nothing is found in any history that the decider writes', (t) => {
  const property = fc.property(walletSteps, (steps) => {
    const findings = audited(randomWalletLog(steps));
    if (findings.length > 0) throw new Error(findings.map(({ what }) => what).join('\n'));
  });
  t.notThrows(() => fc.assert(property, { numRuns: 300 }));
});

test('a row with another balance than the fold is found, one with the same is not', (t) => {
  const fold = [{ asset: 'CNY', posted: new Decimal('1.5'), held: new Decimal('0') }];
  t.deepEqual(balanceWrongs(fold, [{ asset: 'CNY', posted: '1.50', held: '0' }]), []);
  t.like(balanceWrongs(fold, [{ asset: 'CNY', posted: '1.4', held: '0' }]), [{ invariant: 'I2' }]);
  t.is(balanceWrongs(fold, []).length, 1);
});

test('a correction of an earlier stream’s settlement is judged when that is found', (t) => {
  const events = walletLog(...settles, 'roll', correctionOf(settlementId(plain), '0.00001'));
  const audit = walletAudit();
  for (const event of events) audit.take(decodeWallet(event));
  const [open] = audit.open();
  t.is(open?.event.data.eventId, settlementId(plain));
  if (!open) return;
  const settled = events.find(({ id }) => id === settlementId(plain));
  t.deepEqual(settled && correctionFindings(open, decodeWallet(settled)), []);
  t.like(correctionFindings(open, undefined), [{ invariant: 'I5' }]);
});

const claimed = {
  type: 'CommandClaimed',
  data: { bodyHash: 'h', stream: 's', revision: '-1' },
} as const;
const done = { type: 'CommandDone', data: { reply: { status: 200, body: null } } } as const;

test('a claimed command has one reply, and nothing after it (I7)', (t) => {
  const place = (revision: bigint) => ({ stream: 'once-1', revision, position: revision });
  const audit = onceAudit();
  const found = [claimed, claimed, done].flatMap((event, n) =>
    audit.take(stored(event, place(BigInt(n)))),
  );
  t.deepEqual(found, []);
  t.like(audit.take(stored(done, place(3n))), [{ invariant: 'I7', wallet: null, position: 3n }]);
  t.is(onceAudit().take(stored(done, place(0n))).length, 1);
});

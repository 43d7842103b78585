import test from 'ava';
import fc from 'fast-check';
import type { Recorded } from '../../../src/domain/events.ts';
import { nameId } from '../../../src/domain/ids.ts';
import { canonical, Decimal } from '../../../src/domain/money.ts';
import { wallet } from '../../../src/domain/wallet/decider.ts';
import type { WalletEvent } from '../../../src/domain/wallet/events.ts';
import type { Totals } from '../../../src/domain/wallet/statement.ts';
import { statement } from '../../../src/domain/wallet/statement.ts';
import { balances } from '../../../src/domain/wallet/wallet.ts';
import { fold } from '../../support/given.ts';
import type { Step } from '../../support/wallet-entries.ts';
import { entriesOf } from '../../support/wallet-entries.ts';
import { limitOf } from '../../support/wallet-story.ts';
import {
  abandonOf,
  ending,
  grantOf,
  memberId,
  noon,
  price,
  releaseOf,
  reserveOf,
  settleOf,
} from '../../support/wallets.ts';

const minute = (n: number) => new Date(Date.UTC(2026, 0, 1, 12, n)).toISOString();
const usage = (output: number) => ({ input: 10, cachedInput: 0, output, reasoning: 0 });

type StepAt = (at: string) => Step;
const call = fc.integer({ min: 0, max: 4 }).map((n) => `call-${n}`);
const output = fc.integer({ min: 0, max: 200 });
const lot = fc.integer({ min: 0, max: 6 }).map((n) => nameId(`lot-${n}`));

const steps: fc.Arbitrary<readonly Step[]> = fc
  .array(
    fc.oneof(
      fc
        .record({
          lotId: lot,
          asset: fc.constantFrom('CNY', 'CNY', 'tokens'),
          amount: fc.integer({ min: 1, max: 900 }),
          kind: fc.constantFrom('paid', 'promo', 'compensation'),
          end: fc.option(fc.integer({ min: 1, max: 40 }), { nil: null }),
        })
        .map(
          ({ amount, asset, end, ...more }): StepAt =>
            (at) => ({
              ...grantOf('1', { ...more, asset, at }),
              amount: new Decimal(amount).div(asset === 'CNY' ? 1_000_000 : 1),
              expiresAt: end === null ? null : minute(end),
            }),
        ),
      fc.record({ call, output }).map(
        ({ call: name, output: most }): StepAt =>
          (at) => ({
            ...reserveOf(name, { output: most, at }),
            quotes: [
              { asset: 'tokens', fixed: new Decimal(100), perOutput: new Decimal(1) },
              ...reserveOf(name).quotes,
            ],
          }),
      ),
      fc.record({ call, output }).map(
        ({ call: name, output: written }): StepAt =>
          (at) =>
            settleOf(name, usage(written), { at, overrun: 'owed' }),
      ),
      call.map(
        (name): StepAt =>
          (at) =>
            releaseOf(name, { at }),
      ),
      fc.record({ call, output: fc.option(output) }).map(
        ({ call: name, output: seen }): StepAt =>
          (at) =>
            abandonOf(name, {
              at,
              evidence:
                seen === null
                  ? null
                  : { basis: 'checkpoint', usage: usage(seen), characters: null },
            }),
      ),
      fc.record({ call, output }).map(
        ({ call: name, output: written }): StepAt =>
          (at) => ({
            ...{ type: 'PostLateSettlement', callId: nameId(name), usage: usage(written) },
            ...{
              characters: null,
              ending,
              costs: [{ upstream: 'u', asset: 'USD', amount: '1' }],
              overrun: 'owed',
              at,
            },
          }),
      ),
      lot.map(
        (lotId): StepAt =>
          (at) => ({ type: 'RevokeCredit', lotId, reason: 'test', at }),
      ),
      fc.constant<StepAt>((at) => ({ type: 'ExpireLots', at })),
      fc.constant<StepAt>((at) => ({ type: 'PayDebt', at })),
      fc.constant<StepAt>((at) => ({ type: 'roll', at })),
      fc.constant<StepAt>((at) =>
        limitOf({ window: 'total', measure: 'overdraft', most: '0.001' }, at),
      ),
      fc.integer({ min: 1, max: 90 }).map(
        (n): StepAt =>
          (at) => ({
            ...{ type: 'CorrectUsage', eventId: nameId(`event-${n}`), callId: nameId('call-0') },
            ...{ memberId, model: 'demo', asset: 'CNY', reason: 'test', approver: memberId, at },
            charged: [
              {
                kind: 'paid',
                priority: 0,
                expiresAt: null,
                scope: null,
                amount: new Decimal('0.0001'),
              },
            ],
            amount: new Decimal(n).div(1_000_000),
          }),
      ),
    ),
    { maxLength: 50 },
  )
  .map((all) => all.map((step, index) => step(minute(index))));

type Entry = Recorded<WalletEvent>;

const shown = (totals: Totals): Readonly<Record<string, string>> =>
  Object.fromEntries(
    [...totals]
      .filter(([, amount]) => !amount.isZero())
      .map(([asset, amount]) => [asset, canonical(amount)]),
  );

/** What the live fold has, over all streams. */
const posted = (entries: readonly Entry[]) =>
  shown(
    new Map(
      balances(fold(wallet, entries), noon).map((each) => [each.asset, each.posted] as const),
    ),
  );

const holds = (what: string, a: unknown, b: unknown) => {
  if (JSON.stringify(sorted(a)) !== JSON.stringify(sorted(b))) {
    throw new Error(`${what}: ${JSON.stringify(a)} is not ${JSON.stringify(b)}`);
  }
};
const sorted = (value: unknown): unknown =>
  value !== null && typeof value === 'object' && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
    : value;

test('at every place the closing is the fold’s balance, and the legs’ sum (I2)', (t) => {
  const property = fc.property(steps, (all) => {
    const entries = entriesOf(all);
    for (let n = 0; n <= entries.length; n += 1) {
      const until = { position: entries[n - 1]?.position ?? -1n };
      const { closing, journal, more } = statement(entries, until);
      holds('fold', shown(closing), posted(entries.slice(0, n)));
      holds('legs', shown(closing), shown(journal));
      holds('end', more, false);
    }
  });
  t.notThrows(() => fc.assert(property, { numRuns: 200 }));
});

test('lines lead from the opening to the closing, each explained', (t) => {
  const property = fc.property(steps, (all) => {
    const { lines, closing } = statement(entriesOf(all));
    const running = new Map<string, Decimal>();
    for (const { asset, amount, balance, explanation } of lines) {
      const sum = (running.get(asset) ?? new Decimal(0)).plus(amount);
      running.set(asset, sum);
      holds('balance', canonical(sum), canonical(balance));
      holds('explained', explanation.key === 'unexplained', false);
    }
    holds('closing', shown(running), shown(closing));
  });
  t.notThrows(() => fc.assert(property, { numRuns: 200 }));
});

const textOf = ({ event, asset, amount }: ReturnType<typeof statement>['lines'][number]) =>
  `${event.id} ${asset} ${amount}`;

test('pages give the same lines, and each opens where the one before closed', (t) => {
  const page = fc.record({
    limit: fc.integer({ min: 1, max: 4 }),
    mostEvents: fc.integer({ min: 1, max: 9 }),
    asset: fc.constantFrom(undefined, 'CNY', 'tokens'),
  });
  const property = fc.property(steps, page, (all, wanted) => {
    const entries = entriesOf(all);
    const whole = statement(entries, {}, { asset: wanted.asset });
    const seen: string[] = [];
    let after: bigint | undefined;
    let closing: Totals = new Map();
    for (let more = true; more; ) {
      // As it is read: from the beginning of the stream in which the page before ended.
      const last = entries.find(({ position }) => position === after);
      const from = entries.findIndex(({ stream }) => !last || stream === last.stream);
      const part = statement(entries.slice(Math.max(0, from)), {}, { ...wanted, after });
      holds('opening', shown(part.opening), shown(closing));
      holds('legs', shown(part.closing), shown(part.journal));
      holds('size', part.lines.length <= wanted.limit, true);
      seen.push(...part.lines.map(textOf));
      ({ closing, more } = part);
      after = part.last?.position;
    }
    holds('lines', seen, whole.lines.map(textOf));
    holds('closing', shown(closing), shown(whole.closing));
  });
  t.notThrows(() => fc.assert(property, { numRuns: 200 }));
});

const story: readonly Step[] = [
  grantOf('1', { kind: 'paid', at: minute(0) }),
  reserveOf('a', { at: minute(1) }),
  settleOf('a', { input: 50, output: 10 }, { at: minute(2) }),
  { type: 'roll', at: minute(3) },
  { type: 'RevokeCredit', lotId: grantOf('1', { kind: 'paid' }).lotId, reason: 'r', at: minute(4) },
];

test('each line says what happened, and holds and roll-overs have none', (t) => {
  const { lines } = statement(entriesOf(story));
  t.deepEqual(
    lines.map(({ explanation: { key }, amount, balance }) => `${key} ${amount} ${balance}`),
    ['granted_paid 1 1', 'used -0.00008 0.99992', 'revoked -0.99992 0'],
  );
  t.deepEqual(lines[1]?.explanation.values, {
    ...{ model: 'demo', charge: '0.00008', asset: 'CNY', input: '50', output: '10' },
  });
});

test('a moment counts what was recorded up to it', (t) => {
  const entries = entriesOf(story);
  t.deepEqual(shown(statement(entries, { at: minute(2) }).closing), { CNY: '0.99992' });
  t.deepEqual(shown(statement(entries, { at: minute(1) }).closing), { CNY: '1' });
  t.deepEqual(shown(statement(entries, { at: minute(-1) }).closing), {});
});

test('what a call draws of the overdraft is posted while it runs', (t) => {
  const entries = entriesOf([
    grantOf('0.0001', { at: minute(0) }),
    limitOf({ window: 'total', measure: 'overdraft', most: '1' }, minute(0)),
    reserveOf('a', { at: minute(1) }),
    settleOf('a', { input: 100, output: 10 }, { at: minute(2) }),
    reserveOf('b', { at: minute(3) }),
    releaseOf('b', { at: minute(4) }),
  ]);
  const { lines } = statement(entries);
  t.deepEqual(
    lines.map(({ explanation: { key }, amount }) => `${key} ${amount}`),
    [
      'granted_promo 0.0001',
      'overdraft_drawn 0.0003',
      'used_and_overdraft_returned -0.0004',
      'overdraft_drawn 0.0004',
      'overdraft_returned -0.0004',
    ],
  );
  t.like(lines[2]?.explanation.values, { charge: '0.00013', returned: '0.00027' });
});

test('a book that carries something else than the fold shows as a difference', (t) => {
  const entries = entriesOf(story.slice(0, 4)).map((entry): Entry => {
    if (entry.type !== 'WalletPeriodOpened' || !entry.data.state) return entry;
    return { ...entry, data: { ...entry.data, state: { ...entry.data.state, lots: [] } } };
  });
  const { closing, journal, lines } = statement(entries);
  t.deepEqual(shown(closing), {});
  t.deepEqual(shown(journal), { CNY: '0.99992' });
  t.is(lines.length, 2);
});

test('what was sold by the piece is told in pieces', (t) => {
  const sold = { image: '0.0001', second: '0.00001', character: '0.00001' };
  const list = { ...price, prices: { ...price.prices, ...sold } };
  const told = (name: string, usage: Parameters<typeof settleOf>[1], basis: 'usage' | 'bound') => {
    const command = settleOf(name, usage, { basis, at: minute(1) });
    const terms = basis === 'bound' ? price : list;
    const steps = [grantOf('1'), reserveOf(name, { price: terms, at: minute(1) }), command];
    return statement(entriesOf(steps)).lines.at(-1)?.explanation;
  };
  t.like(told('a', { images: 2 }, 'usage'), { key: 'used_images', values: { count: '2' } });
  t.like(told('b', { seconds: 9 }, 'usage'), { key: 'used_seconds', values: { count: '9' } });
  t.like(told('c', { characters: 5 }, 'usage'), {
    ...{ key: 'used_characters', values: { count: '5', charge: '0.00005' } },
  });
  t.like(told('d', { images: 2 }, 'bound'), { key: 'used_up_to_bound' });
});

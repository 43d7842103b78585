import test from 'ava';
import fc from 'fast-check';
import type { DomainEvent } from '../../src/domain/events.ts';
import { nameId } from '../../src/domain/ids.ts';
import { canonical, Decimal, sum as total } from '../../src/domain/money.ts';
import { fold } from '../../src/projections/fold.ts';
import { first, latest, projection, sum } from '../../src/projections/projection.ts';
import { recorded } from '../support/recorded.ts';

const lotted = projection(
  'lotted',
  {
    meaning: 'One row a member: every way to merge.',
    group: 'analytics',
    version: 1,
    key: { member_id: 'uuid' },
    columns: {
      added: sum('numeric'),
      times: sum('bigint'),
      newest: latest('text'),
      oldest: first('text'),
      note: latest('jsonb'),
    },
  },
  {
    CreditExpired: ({ data, id }) => [
      {
        member_id: data.walletId,
        added: data.amount,
        times: 1,
        newest: id,
        oldest: id,
        note: { lot: data.lotId },
      },
    ],
    RoleGranted: ({ data }) => [{ member_id: data.memberId, newest: null }],
    LoggedOut: ({ data }) => [{ member_id: data.memberId, newest: 'a\0b\ud800', note: ['\0'] }],
  },
);

const walletId = nameId('one');
const gained = (amount: string, revision: number, wallet = walletId) =>
  recorded(
    {
      type: 'CreditExpired',
      data: { walletId: wallet, lotId: nameId('lot'), asset: 'CNY', amount, legs: [] },
    },
    { revision: BigInt(revision) },
  );

test('rows of one key become one row, each column by its own rule', (t) => {
  const [a, b] = [gained('1.5', 1), gained('-0.25', 2)];
  t.deepEqual(fold(lotted, [a, b]), {
    rows: 1,
    values: [[walletId], ['1.25'], ['2'], [b.id], [a.id], [JSON.stringify({ lot: nameId('lot') })]],
  });
});

test('null says nothing', (t) => {
  const a = gained('1', 1);
  const role: DomainEvent = { type: 'RoleGranted', data: { memberId: walletId, role: 'admin' } };
  const { values } = fold(lotted, [a, recorded(role)]);
  t.deepEqual(values[3], [a.id]);
});

test('one id in two spellings is one key', (t) => {
  const { rows } = fold(lotted, [gained('1', 1), gained('1', 2, walletId.toUpperCase())]);
  t.is(rows, 1);
});

test('text that Postgres has no room for is replaced', (t) => {
  const data = { memberId: walletId, sessionId: walletId };
  const { values } = fold(lotted, [recorded({ type: 'LoggedOut', data })]);
  t.deepEqual(values[3], ['a\u{FFFD}b\u{FFFD}']);
  t.deepEqual(values[5], ['["\u{FFFD}"]']);
});

test('amounts of 26 and 12 digits add up exactly', (t) => {
  const digits = fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 38, maxLength: 38 });
  const amount = fc
    .tuple(digits, fc.boolean())
    .map(([all, negative]) =>
      canonical(
        new Decimal(`${negative ? '-' : ''}${all.slice(0, 26).join('')}.${all.slice(26).join('')}`),
      ),
    );
  fc.assert(
    fc.property(fc.array(amount, { minLength: 1, maxLength: 50 }), (amounts) => {
      const { values } = fold(
        lotted,
        amounts.map((each, index) => gained(each, index)),
      );
      // BigInt knows no rounding, so it is the judge.
      const exact = amounts.reduce((sofar, each) => sofar + picos(each), 0n);
      t.is(picos(values[1]?.[0] ?? ''), exact);
      t.is(values[1]?.[0], canonical(total(amounts.map((each) => new Decimal(each)))));
    }),
  );
});

function picos(text: string): bigint {
  const [whole = '', decimals = ''] = text.replace('-', '').split('.');
  const size = BigInt(whole + decimals.padEnd(12, '0'));
  return text.startsWith('-') ? -size : size;
}

import test from 'ava';
import fc from 'fast-check';
import {
  amountOf,
  canonical,
  Decimal,
  money,
  Price,
  partsOf,
  WrittenAmount,
} from '../../src/domain/money.ts';

test('26 + 12 digits add exactly', (t) => {
  const big = '12345678901234567890123456.123456789012';
  t.is(canonical(money(big).plus('0.000000000001')), '12345678901234567890123456.123456789013');
  t.is(canonical(money('100000000.123456789012').plus('0.000000000001')), '100000000.123456789013');
});

test('amounts are written plainly, without exponent, sign of zero or trailing zeros', (t) => {
  t.is(canonical(new Decimal('1e-12')), '0.000000000001');
  t.is(canonical(new Decimal('-0')), '0');
  t.is(WrittenAmount.parse('010.500'), '10.5');
  t.is(WrittenAmount.parse('-0.0'), '0');
});

test('what is not a decimal string of 26 + 12 digits is refused at the edge', (t) => {
  for (const bad of [
    1,
    '1e3',
    '+1',
    '.5',
    '1.',
    '',
    ' 1',
    '0x1',
    'NaN',
    '1.0000000000001',
    '1'.repeat(27),
  ]) {
    t.false(WrittenAmount.safeParse(bad).success, String(bad));
  }
});

test('a price is not negative and has at most six decimals', (t) => {
  t.is(Price.parse('1.250000'), '1.25');
  for (const bad of ['-1', '0.0000001', 1]) t.false(Price.safeParse(bad).success, String(bad));
});

test('amounts are whole numbers of their smallest part, and back', (t) => {
  const most = 10n ** 38n - 1n;
  fc.assert(
    fc.property(fc.bigInt({ min: -most, max: most }), (count) => {
      const amount = amountOf(count);
      t.is(partsOf(amount), count);
      t.is(amount, canonical(new Decimal(count.toString()).div('1e12')));
    }),
  );
  for (const amount of ['0', '1', '-0.5', '0.000000000001', '-10', '100.1']) {
    t.is(amountOf(partsOf(amount)), amount);
  }
  t.throws(() => partsOf('0.0000000000001'), { instanceOf: RangeError });
  t.throws(() => partsOf('much'));
});

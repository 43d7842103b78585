import { Decimal as DecimalJs } from 'decimal.js';
import { z } from 'zod';

/**
 * The only constructor of amounts. decimal.js rounds every operation to its precision, 20 digits by
 * default; 60 holds any sum or product of two 26 + 12-digit amounts exactly.
 */
export const Decimal = DecimalJs.clone({ precision: 60, toExpNeg: -9e15, toExpPos: 9e15 });
export type Decimal = DecimalJs;

export const zero = new Decimal(0);

const canonicalAmount = /^(?:0|-?(?:0\.\d{0,11}[1-9]|[1-9]\d{0,25}(?:\.\d{0,11}[1-9])?))$/;
const writtenAmount = /^-?\d{1,26}(?:\.\d{1,12})?$/;

/** An amount as events carry it: plain notation, no trailing zeros, `0` and never `-0`. */
export const Amount = z.string().regex(canonicalAmount, 'not a canonical decimal amount');
export type Amount = z.infer<typeof Amount>;

/** An amount a caller may write: at most 26 integer digits and 12 decimals; canonical afterwards. */
export const WrittenAmount = z
  .string()
  .regex(writtenAmount, 'a decimal string with at most 26 digits and 12 decimals')
  .transform((text) => canonical(new Decimal(text)));

/** A price per one million units: not negative, at most six decimals, so that usage stays exact. */
export const Price = z
  .string()
  .regex(/^\d{1,20}(?:\.\d{1,6})?$/, 'a decimal string, not negative, with at most 6 decimals')
  .transform((text) => canonical(new Decimal(text)));

/** A known-good amount, from an event or a constant. */
export const money = (text: Amount): Decimal => new Decimal(text);

/** The one spelling of an amount in events, JSON and hashes. */
export function canonical(amount: Decimal): Amount {
  return amount.isZero() ? '0' : amount.toFixed();
}

/** The same amount with the other sign. */
export function opposite(amount: Amount): Amount {
  if (amount === '0') return amount;
  return amount.startsWith('-') ? amount.slice(1) : `-${amount}`;
}

/** Exact sum, without order or rounding effects. */
export const sum = (amounts: Iterable<Decimal>): Decimal => {
  let total: Decimal = zero;
  for (const amount of amounts) total = total.plus(amount);
  return total;
};

const decimals = 12;
const parts = 10n ** BigInt(decimals);

/**
 * An amount in 10⁻¹² of its unit, its smallest part: whole numbers add up exactly, as decimals do, at a
 * fraction of the cost.
 */
export function partsOf(amount: Amount): bigint {
  const point = amount.indexOf('.');
  if (point === -1) return BigInt(amount) * parts;
  const missing = decimals - (amount.length - point - 1);
  if (missing < 0) throw new RangeError(`${amount} has more than ${decimals} decimals.`);
  return BigInt(amount.slice(0, point) + amount.slice(point + 1) + '0'.repeat(missing));
}

/** The canonical amount of so many parts. */
export function amountOf(count: bigint): Amount {
  const digits = String(count < 0n ? -count : count).padStart(decimals + 1, '0');
  const point = digits.length - decimals;
  let end = digits.length;
  while (end > point && digits.charCodeAt(end - 1) === zeroCode) end -= 1;
  const fraction = end === point ? '' : `.${digits.slice(point, end)}`;
  return `${count < 0n ? '-' : ''}${digits.slice(0, point)}${fraction}`;
}
const zeroCode = 48;

/** The smaller of two amounts. */
export const least = (a: Decimal, b: Decimal): Decimal => (a.lt(b) ? a : b);

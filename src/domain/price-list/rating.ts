import { canonical, Decimal, money, sum } from '../money.ts';
import type { Prices } from './events.ts';
import type { Usage, UsageClass } from './usage.ts';
import { usageClasses } from './usage.ts';

/** Prices are per million tokens; times is as exact as a division, and much cheaper. */
const millionth = new Decimal('0.000001');

/** The price that each class is charged at; reasoning falls back to output. */
const priceOf: Readonly<Record<UsageClass, keyof Prices>> = {
  input: 'input',
  cachedInput: 'cachedInput',
  output: 'output',
  reasoning: 'output',
};

/** What one token costs, exactly. */
export const perToken = (price: string): Decimal => money(price).times(millionth);

/** What a usage costs, exactly: counts times prices, nothing rounded. */
export function rate(usage: Usage, prices: Prices): Decimal {
  return sum(usageClasses.map((each) => perToken(prices[priceOf[each]]).times(usage[each])));
}

/** The dearest that an input token can be, whichever class it falls into. */
export const dearestInput = (prices: Prices): Decimal =>
  Decimal.max(perToken(prices.input), perToken(prices.cachedInput));

/** The line-by-line explanation of a charge: class, tokens, price, amount. */
export const explain = (usage: Usage, prices: Prices) =>
  usageClasses
    .filter((each) => usage[each] > 0)
    .map((each) => ({
      class: each,
      pricedAs: priceOf[each],
      tokens: usage[each],
      price: prices[priceOf[each]],
      amount: canonical(perToken(prices[priceOf[each]]).times(usage[each])),
    }));

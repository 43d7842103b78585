import { canonical, Decimal, money, sum, zero } from '../money.ts';
import type { Prices } from './events.ts';
import type { Usage, UsageClass } from './usage.ts';
import { tokensOf, usageClasses } from './usage.ts';

/** Prices are per million tokens; times is as exact as a division, and much cheaper. */
const millionth = new Decimal('0.000001');

/** The prices that a class may be charged at: the first that the list has. */
const pricesOf = {
  input: ['input'],
  cachedInput: ['cachedInput'],
  cacheWrite: ['cacheWrite', 'input'],
  output: ['output'],
  reasoning: ['reasoning', 'output'],
} as const satisfies Readonly<Record<UsageClass, readonly (keyof Prices)[]>>;

function priced(each: UsageClass, prices: Prices) {
  const [own, otherwise = own] = pricesOf[each];
  const pricedAs = prices[own] === undefined ? otherwise : own;
  return { pricedAs, price: prices[pricedAs] ?? '0' };
}

/** What one token costs, exactly. */
const perToken = (price: string): Decimal => money(price).times(millionth);

/** What a usage costs, exactly: counts times prices, nothing rounded; a call that consumed nothing is free. */
export function rate(usage: Usage, prices: Prices): Decimal {
  if (tokensOf(usage) === 0) return zero;
  const tokens = usageClasses.map((each) =>
    perToken(priced(each, prices).price).times(usage[each] ?? 0),
  );
  return sum([perRequest(prices), ...tokens]);
}

/** What a call costs beside its tokens. */
export const perRequest = ({ request }: Prices): Decimal => money(request ?? '0');

const dearest =
  (...classes: readonly UsageClass[]) =>
  (prices: Prices): Decimal =>
    Decimal.max(...classes.map((each) => perToken(priced(each, prices).price)));

/** The dearest that an input token can be, whichever class it falls into. */
export const dearestInput = dearest('input', 'cachedInput', 'cacheWrite');

/** The same of an output token. */
export const dearestOutput = dearest('output', 'reasoning');

/** The line-by-line explanation of a charge: class, count, price, amount; the amounts sum to it. */
export function explain(usage: Usage, prices: Prices) {
  const tokens = usageClasses.flatMap((each) => {
    const count = usage[each] ?? 0;
    if (count === 0) return [];
    const { pricedAs, price } = priced(each, prices);
    return [
      { class: each, pricedAs, count, price, amount: canonical(perToken(price).times(count)) },
    ];
  });
  const { request } = prices;
  if (request === undefined || tokens.length === 0) return tokens;
  const own = { class: 'request', pricedAs: 'request', count: 1, price: request } as const;
  return [...tokens, { ...own, amount: canonical(money(request)) }];
}

import { canonical, Decimal, money, sum, zero } from '../money.ts';
import type { PriceName, Prices } from './events.ts';
import type { Usage, UsageClass } from './usage.ts';
import { isNothing, unitClasses, usageClasses } from './usage.ts';

/** Prices are per million tokens; times is as exact as a division, and much cheaper. */
const millionth = new Decimal('0.000001');
const one = new Decimal(1);

/** The prices that a class may be charged at: the first that the list has. */
const pricesOf = {
  input: ['input'],
  cachedInput: ['cachedInput'],
  cacheWrite: ['cacheWrite', 'input'],
  output: ['output'],
  reasoning: ['reasoning', 'output'],
  audioInput: ['audioInput'],
  audioOutput: ['audioOutput'],
  imageInput: ['imageInput'],
  imageOutput: ['imageOutput'],
  images: ['image'],
  seconds: ['second'],
  characters: ['character'],
} as const satisfies Readonly<Record<UsageClass, readonly PriceName[]>>;

const byThePiece: ReadonlySet<UsageClass> = new Set(unitClasses);

/** What one of a class costs, exactly; undefined where the list doesn't sell it. */
function priced(each: UsageClass, prices: Prices) {
  const [own, otherwise = own] = pricesOf[each];
  const pricedAs = prices[own] === undefined ? otherwise : own;
  const price = prices[pricedAs];
  if (price === undefined) return undefined;
  return { pricedAs, price, ofOne: money(price).times(byThePiece.has(each) ? one : millionth) };
}

/** Every class that a usage has something of has a price; what has none is never taken for free. */
export const isPriced = (usage: Usage, prices: Prices): boolean =>
  usageClasses.every((each) => !usage[each] || priced(each, prices) !== undefined);

/**
 * What a usage costs, exactly: counts times prices, nothing rounded; a call that consumed nothing is free.
 * Throws for a usage that is not `isPriced`.
 */
export function rate(usage: Usage, prices: Prices): Decimal {
  if (isNothing(usage)) return zero;
  return sum([perRequest(prices), ...linesOf(usage, prices).map(({ amount }) => amount)]);
}

/** What a call costs beside what it consumes. */
export const perRequest = ({ request }: Prices): Decimal => money(request ?? '0');

function linesOf(usage: Usage, prices: Prices) {
  return usageClasses.flatMap((each) => {
    const count = usage[each];
    if (!count) return [];
    const found = priced(each, prices);
    if (!found) throw new RangeError(`There is no price for ${each}.`);
    return [{ ...found, class: each, count, amount: found.ofOne.times(count) }];
  });
}

const dearest =
  (...classes: readonly UsageClass[]) =>
  (prices: Prices): Decimal =>
    Decimal.max(...classes.map((each) => priced(each, prices)?.ofOne ?? zero));

/** The dearest that an input token can be, whichever class it falls into. */
export const dearestInput = dearest('input', 'cachedInput', 'cacheWrite');

/** The same of an output token of text. */
export const dearestOutput = dearest('output', 'reasoning');

/** The same of one that may be of text or of sound. */
export const dearestSpoken = dearest('output', 'reasoning', 'audioOutput');

/** The most that what goes in costs, whichever class its tokens of text fall into, and the call itself. */
export function rateAtMost({ input, ...rest }: Usage, prices: Prices): Decimal {
  const others = linesOf({ ...rest, input: 0 }, prices).map(({ amount }) => amount);
  return sum([perRequest(prices), dearestInput(prices).times(input), ...others]);
}

/** The line-by-line explanation of a charge: class, count, price, amount; the amounts sum to it. */
export function explain(usage: Usage, prices: Prices) {
  const lines = linesOf(usage, prices).map(({ class: of, pricedAs, count, price, amount }) => ({
    ...{ class: of, pricedAs, count, price },
    amount: canonical(amount),
  }));
  const { request } = prices;
  if (request === undefined || lines.length === 0) return lines;
  const own = { class: 'request', pricedAs: 'request', count: 1, price: request } as const;
  return [...lines, { ...own, amount: canonical(money(request)) }];
}

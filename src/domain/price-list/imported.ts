import { z } from 'zod';
import { canonical, Decimal, money } from '../money.ts';
import type { Cost } from '../route/events.ts';
import type { Prices } from './events.ts';

/** A model as a price catalogue has it: in the catalogue's currency, by its own names of classes. */
export interface ListedModel {
  readonly provider: string;
  readonly model: string;
  /** Canonical amounts; null: there is more than one, by how much is asked at once. */
  readonly prices: Readonly<Record<string, string | null>>;
  /** It costs something else at other times of the day. */
  readonly byHour: boolean;
  /** Tokens that it reads at once at most; absent: the catalogue doesn't say. */
  readonly contextWindow?: number | undefined;
}

export interface ImportTerms {
  /** What one unit of the catalogue's currency is in ours. */
  readonly rate: string;
  /** What a member pays for one unit of our cost. */
  readonly markup: string;
  /** Classes that are left out, because they are not sold. */
  readonly without: readonly string[];
}

/** Why a model's prices can't be said exactly in a price list. */
export const InexpressibleReason = z.enum(['by_hour', 'by_size', 'other_classes', 'not_by_token']);
type InexpressibleReason = z.infer<typeof InexpressibleReason>;

export type Imported =
  | {
      readonly ok: true;
      readonly prices: Prices;
      readonly cost: Cost;
      /** These had more decimals than a price may have, and were rounded up. */
      readonly rounded: readonly string[];
    }
  | {
      readonly ok: false;
      readonly why: InexpressibleReason;
      /** The catalogue's classes that are to blame. */
      readonly classes: readonly string[];
    };

/** What the catalogue's classes are in a price list; prices are per million tokens in both. */
const classes: Readonly<Record<string, keyof Prices>> = {
  input_mtok: 'input',
  cache_read_mtok: 'cachedInput',
  cache_write_mtok: 'cacheWrite',
  output_mtok: 'output',
  output_reasoning_mtok: 'reasoning',
  requests_kcount: 'request',
};
const thousandth = new Decimal('0.001');

/** A list without a price for these doesn't sell them: a call that could consume one is refused. */
const notSold = /audio|image|video|_searches_|_kpages$|_hours$/;

const mostDecimals = 6;

/** A catalogue's prices as a price list has them, or why that would not be the same. */
export function importedPrices(listed: ListedModel, terms: ImportTerms): Imported {
  const sold = Object.entries(listed.prices).filter(
    ([name]) => !(terms.without.includes(name) || notSold.test(name)),
  );
  const blamed = inexpressible(listed, sold);
  if (blamed) return { ok: false, ...blamed };
  const rate = money(terms.rate);
  const cost = converted(sold, rate);
  const price = converted(sold, rate.times(money(terms.markup)));
  const [prices, costs] = [withCached(price.amounts), withCached(cost.amounts)];
  if (!(prices && costs)) {
    return { ok: false, why: 'not_by_token', classes: sold.map(([name]) => name) };
  }
  const rounded = [...new Set([...price.rounded, ...cost.rounded])];
  return { ok: true, prices, cost: costs, rounded };
}

type Sold = readonly (readonly [name: string, price: string | null])[];

function inexpressible({ byHour }: ListedModel, sold: Sold) {
  const named = (wanted: (entry: Sold[number]) => boolean) =>
    sold.filter(wanted).map(([name]) => name);
  if (byHour) return { why: 'by_hour', classes: [] } as const;
  const unknown = named(([name]) => classes[name] === undefined);
  if (unknown.length > 0) return { why: 'other_classes', classes: unknown } as const;
  const tiered = named(([, price]) => price === null);
  return tiered.length > 0 ? ({ why: 'by_size', classes: tiered } as const) : undefined;
}

/** Times a factor; what has more decimals than a price may have is rounded up, so that nothing is sold below it. */
function converted(sold: Sold, factor: Decimal) {
  const amounts: Partial<Record<keyof Prices, string>> = {};
  const rounded: string[] = [];
  for (const [name, price] of sold) {
    const own = classes[name];
    if (own === undefined || price === null) continue;
    const one = own === 'request' ? factor.times(thousandth) : factor;
    const exact = money(price).times(one);
    const fitting = exact.toDecimalPlaces(mostDecimals, Decimal.ROUND_UP);
    if (!fitting.eq(exact)) rounded.push(name);
    amounts[own] = canonical(fitting);
  }
  return { amounts, rounded };
}

/** Without a price of its own nothing is cheaper for having been read before. */
function withCached({
  input,
  output,
  cachedInput = input,
  ...more
}: Partial<Record<keyof Prices, string>>): Prices | undefined {
  if (input === undefined || output === undefined || cachedInput === undefined) return undefined;
  return { input, cachedInput, output, ...more };
}

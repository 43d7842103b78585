import type { Decider } from '../decider.ts';
import type { Instant } from '../ids.ts';
import type { PriceListEvent, Prices } from './events.ts';

export interface PublishPriceList {
  readonly type: 'PublishPriceList';
  readonly alias: string;
  readonly currency: string;
  readonly prices: Prices;
  readonly defaultMaxOutput: number;
  readonly at: Instant;
}

interface PriceList {
  readonly version: number;
  readonly published?: Extract<PriceListEvent, { type: 'PriceListPublished' }>['data'];
}

/** The versions of what one alias costs; publishing what already stands changes nothing. */
export const priceList: Decider<PublishPriceList, PriceListEvent, PriceList> = {
  initialState: { version: 0 },
  decide({ alias, currency, prices, defaultMaxOutput, at }, { version, published }) {
    if (published && sameTerms(published, { currency, prices, defaultMaxOutput })) return [];
    const data = {
      alias,
      version: version + 1,
      currency,
      prices,
      defaultMaxOutput,
      effectiveAt: at,
    };
    return [{ type: 'PriceListPublished', data }];
  },
  evolve(_, { data }) {
    return { version: data.version, published: data };
  },
};

type Terms = Pick<PublishPriceList, 'currency' | 'prices' | 'defaultMaxOutput'>;

const sameTerms = (a: Terms, b: Terms): boolean =>
  a.currency === b.currency &&
  a.defaultMaxOutput === b.defaultMaxOutput &&
  a.prices.input === b.prices.input &&
  a.prices.cachedInput === b.prices.cachedInput &&
  a.prices.output === b.prices.output;

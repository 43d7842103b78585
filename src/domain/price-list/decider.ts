import type { Decider } from '../decider.ts';
import type { Instant } from '../ids.ts';
import type { PriceListEvent, PriceOrigin, Prices } from './events.ts';
import { priceNames } from './events.ts';

export interface PublishPriceList {
  readonly type: 'PublishPriceList';
  readonly alias: string;
  readonly currency: string;
  readonly prices: Prices;
  readonly defaultMaxOutput: number;
  /** From when it counts; absent, and never before: from now on. */
  readonly effectiveAt?: Instant | undefined;
  /** It is imported: one that was written by hand stays, unless it is to be replaced. */
  readonly origin?: PriceOrigin | undefined;
  readonly replace?: boolean;
  readonly at: Instant;
}

type Published = Extract<PriceListEvent, { type: 'PriceListPublished' }>['data'];

interface PriceList {
  readonly version: number;
  readonly published?: Published;
}

/** The versions of what one alias costs; publishing what was published last changes nothing. */
export const priceList: Decider<PublishPriceList, PriceListEvent, PriceList> = {
  initialState: { version: 0 },
  decide(command, { version, published }) {
    const { alias, currency, prices, defaultMaxOutput, effectiveAt: wished, at } = command;
    const { origin, replace = false } = command;
    const effectiveAt = wished !== undefined && wished > at ? wished : at;
    if (published && stands(published, { effectiveAt, at }) && sameTerms(published, command))
      return [];
    if (origin && published && !published.origin && !replace) return [];
    const data = {
      alias,
      version: version + 1,
      currency,
      prices,
      defaultMaxOutput,
      effectiveAt,
      ...(origin && { origin }),
    };
    return [{ type: 'PriceListPublished', data }];
  },
  evolve(_, { data }) {
    return { version: data.version, published: data };
  },
};

/** It counts from the same moment, or counts already when one is published for now. */
const stands = (published: Published, { effectiveAt, at }: Pick<Published, 'effectiveAt'> & At) =>
  published.effectiveAt === effectiveAt || (effectiveAt === at && published.effectiveAt < at);

interface At {
  readonly at: Instant;
}

type Terms = Pick<Published, 'currency' | 'prices' | 'defaultMaxOutput'>;

export const sameTerms = (a: Terms, b: Terms): boolean =>
  a.currency === b.currency &&
  a.defaultMaxOutput === b.defaultMaxOutput &&
  priceNames.every((name) => a.prices[name] === b.prices[name]);

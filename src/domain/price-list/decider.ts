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

interface WithdrawAlias {
  readonly type: 'WithdrawAlias';
  readonly alias: string;
}

type Published = Extract<PriceListEvent, { type: 'PriceListPublished' }>['data'];

interface PriceList {
  readonly version: number;
  readonly published?: Published;
  /** Since the last list was published. */
  readonly isWithdrawn?: boolean;
}

/**
 * The versions of what one alias costs, and whether it is for sale; publishing what was published last,
 * or withdrawing what is not for sale, changes nothing.
 */
export const priceList: Decider<PublishPriceList | WithdrawAlias, PriceListEvent, PriceList> = {
  initialState: { version: 0 },
  decide(command, state) {
    switch (command.type) {
      case 'PublishPriceList':
        return publish(command, state);
      case 'WithdrawAlias':
        return withdraw(command, state);
    }
  },
  evolve(state, event) {
    switch (event.type) {
      case 'PriceListPublished':
        return { version: event.data.version, published: event.data };
      case 'AliasWithdrawn':
        return { ...state, isWithdrawn: true };
    }
  },
};

function publish(
  command: PublishPriceList,
  { version, published, isWithdrawn = false }: PriceList,
): readonly PriceListEvent[] {
  const { alias, currency, prices, defaultMaxOutput, effectiveAt: wished, at } = command;
  const { origin, replace = false } = command;
  const effectiveAt = wished !== undefined && wished > at ? wished : at;
  const isByHand = published !== undefined && !published.origin;
  if (origin && (isByHand || isWithdrawn) && !replace) return [];
  const isInForce = published && !isWithdrawn && stands(published, { effectiveAt, at });
  if (isInForce && sameTerms(published, command)) return [];
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
}

const withdraw = (
  { alias }: WithdrawAlias,
  { version, isWithdrawn = false }: PriceList,
): readonly PriceListEvent[] =>
  version === 0 || isWithdrawn ? [] : [{ type: 'AliasWithdrawn', data: { alias, version } }];

/** It counts from the same moment, or counts already when one is published for now. */
const stands = (published: Published, { effectiveAt, at }: Pick<Published, 'effectiveAt'> & At) =>
  published.effectiveAt === effectiveAt || (effectiveAt === at && published.effectiveAt < at);

interface At {
  readonly at: Instant;
}

type Terms = Pick<Published, 'currency' | 'prices' | 'defaultMaxOutput'>;

/** Whether two lists charge the same. */
export const sameTerms = (a: Terms, b: Terms): boolean =>
  a.currency === b.currency &&
  a.defaultMaxOutput === b.defaultMaxOutput &&
  priceNames.every((name) => a.prices[name] === b.prices[name]);

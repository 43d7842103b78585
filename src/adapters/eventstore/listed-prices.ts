import type { Instant } from '../../domain/ids.ts';
import type { PriceUsed } from '../../domain/wallet/call-events.ts';

/** What an alias costs from some moment on. */
export type ListedPrice = PriceUsed & {
  readonly defaultMaxOutput: number;
  readonly effectiveAt: Instant;
};

/** The price lists of every alias, whatever the order in which they are heard of. */
export interface ListedPrices {
  list(price: ListedPrice): void;
  /** This version and those before it count no more. */
  withdraw(alias: string, version: number): void;
  /** In force now. */
  priceOf(alias: string): ListedPrice | undefined;
  /** Those that begin later, the next one first; what is replaced before it begins is none. */
  laterPricesOf(alias: string): readonly ListedPrice[];
  /** Every alias that ever had a price. */
  everListed(): readonly string[];
}

export function listedPrices(clock: () => Date): ListedPrices {
  /** By alias and version. */
  const lists = new Map<string, Map<number, ListedPrice>>();
  const withdrawn = new Map<string, number>();
  const versionsOf = (alias: string) => lists.get(alias)?.values() ?? [];
  const lastWithdrawn = (alias: string) => withdrawn.get(alias) ?? 0;
  return {
    list(price) {
      const versions = lists.get(price.alias) ?? new Map<number, ListedPrice>();
      lists.set(price.alias, versions.set(price.version, price));
    },
    withdraw(alias, version) {
      withdrawn.set(alias, Math.max(version, lastWithdrawn(alias)));
    },
    /** Of those that have begun the one that began last. */
    priceOf(alias) {
      const now = clock().toISOString();
      const last = lastWithdrawn(alias);
      let found: ListedPrice | undefined;
      for (const price of versionsOf(alias)) {
        if (price.version <= last || price.effectiveAt > now) continue;
        if (!found || isLater(price, found)) found = price;
      }
      return found;
    },
    laterPricesOf(alias) {
      const now = clock().toISOString();
      const last = lastWithdrawn(alias);
      const later = [...versionsOf(alias)]
        .filter(({ version, effectiveAt }) => version > last && effectiveAt > now)
        .sort((one, other) => (isLater(one, other) ? 1 : -1));
      return later.filter(({ effectiveAt }, n) => effectiveAt !== later[n + 1]?.effectiveAt);
    },
    everListed: () => [...lists.keys()],
  };
}

const isLater = (one: ListedPrice, other: ListedPrice): boolean =>
  one.effectiveAt > other.effectiveAt ||
  (one.effectiveAt === other.effectiveAt && one.version > other.version);

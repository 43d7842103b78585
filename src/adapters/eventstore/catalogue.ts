import type { Logger } from 'pino';
import type { Recorded } from '../../domain/events.ts';
import type { RouteTerms } from '../../domain/route/events.ts';
import { streamOf } from '../../domain/streams.ts';
import type { PriceUsed } from '../../domain/wallet/call-events.ts';
import type { CatalogueRows } from '../postgres/index-rows.ts';
import type { IndexFollower } from './index-follower.ts';
import { followIndex } from './index-follower.ts';
import type { Log } from './log.ts';
import { isAfter } from './stream-history.ts';

export interface CatalogueParts {
  readonly log: Pick<Log, 'head' | 'subscribe'>;
  readonly logger: Logger;
  readonly rows: () => Promise<CatalogueRows>;
  readonly staleMs?: number;
}

export type ListedPrice = PriceUsed & { readonly defaultMaxOutput: number };

/** What is sold, at what price, and who answers for it, in memory, at the log's end. */
export interface Catalogue extends IndexFollower {
  priceOf(alias: string): ListedPrice | undefined;
  /** Undefined for an alias without a route of its own. */
  routeOf(alias: string): RouteTerms | undefined;
  /** Everything that has a price. */
  aliases(): readonly string[];
  apply(events: readonly Recorded[]): void;
}

interface Routed {
  readonly terms: RouteTerms;
  /** The revision that said so; null for a row, which anything from the log outdoes. */
  readonly revision: bigint | null;
}

export function catalogue(parts: CatalogueParts): Catalogue {
  const prices = new Map<string, ListedPrice>();
  const routes = new Map<string, Routed>();

  const list = (price: ListedPrice) => {
    if ((prices.get(price.alias)?.version ?? 0) < price.version) prices.set(price.alias, price);
  };
  const send = (alias: string, routed: Routed) => {
    if (!isAfter(routes.get(alias)?.revision ?? null, routed.revision)) routes.set(alias, routed);
  };

  const applyOne = (event: Recorded) => {
    if (event.type === 'PriceListPublished') {
      const { effectiveAt: _, ...price } = event.data;
      list(price);
    } else if (event.type === 'RouteChanged') {
      const { alias, ...terms } = event.data;
      send(alias, { terms, revision: event.revision });
    }
  };
  const follower = followIndex({
    ...parts,
    name: 'the catalogue',
    prefixes: [streamOf.priceList(''), streamOf.route('')],
    fill(rows) {
      for (const row of rows.priceLists) list(listedPrice(row));
      for (const { alias, ...terms } of rows.routes) send(alias, { terms, revision: null });
    },
    apply: applyOne,
  });

  return {
    ...follower,
    priceOf: (alias) => prices.get(alias),
    routeOf: (alias) => routes.get(alias)?.terms,
    aliases: () => [...prices.keys()],
    apply(events) {
      for (const event of events) applyOne(event);
    },
  };
}

const listedPrice = (row: CatalogueRows['priceLists'][number]): ListedPrice => ({
  alias: row.alias,
  version: row.version,
  currency: row.currency,
  prices: { input: row.input, cachedInput: row.cached_input, output: row.output },
  defaultMaxOutput: row.default_max_output,
});

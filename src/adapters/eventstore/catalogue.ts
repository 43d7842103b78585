import type { Logger } from 'pino';
import type { AliasTerms } from '../../domain/alias/events.ts';
import { plainAlias } from '../../domain/alias/events.ts';
import type { ScenarioNames } from '../../domain/budget/scenario-names.ts';
import type { Recorded } from '../../domain/events.ts';
import type { RouteTerms } from '../../domain/route/events.ts';
import type { OperatorSettings } from '../../domain/settings/events.ts';
import { usualSettings } from '../../domain/settings/events.ts';
import { streamOf } from '../../domain/streams.ts';
import { filled } from '../../projections/filled.ts';
import type { CatalogueRows } from '../postgres/index-rows.ts';
import type { IndexFollower } from './index-follower.ts';
import { followIndex } from './index-follower.ts';
import type { ListedPrice, ListedPrices } from './listed-prices.ts';
import { listedPrices } from './listed-prices.ts';
import type { Log } from './log.ts';
import { newestSaid } from './newest-said.ts';

export interface CatalogueParts {
  readonly log: Pick<Log, 'head' | 'subscribe'>;
  readonly logger: Logger;
  readonly rows: () => Promise<CatalogueRows>;
  readonly clock: () => Date;
  /** Is told those that routes and aliases name. */
  readonly scenarios: Pick<ScenarioNames, 'write'>;
  readonly staleMs?: number;
}

/** What is sold, at what price, and who answers for it, in memory, at the log's end. */
export interface Catalogue
  extends IndexFollower,
    Pick<ListedPrices, 'priceOf' | 'laterPricesOf' | 'everListed'> {
  /** Undefined for an alias without a route of its own. */
  routeOf(alias: string): RouteTerms | undefined;
  /** Every route, by its alias. */
  routes(): ReadonlyMap<string, RouteTerms>;
  aliasOf(alias: string): AliasTerms;
  settings(): OperatorSettings;
  /** Everything that has a price now. */
  aliases(): readonly string[];
  apply(events: readonly Recorded[]): void;
}

export function catalogue({ scenarios, ...parts }: CatalogueParts): Catalogue {
  const prices = listedPrices(parts.clock);
  const routes = newestSaid<RouteTerms>();
  const aliases = newestSaid<AliasTerms>();
  const settings = newestSaid<OperatorSettings>();

  const sayRoute = (alias: string, terms: RouteTerms, revision: bigint | null) => {
    routes.say(alias, terms, revision);
    scenarios.write(terms.candidates.flatMap(({ conditions }) => conditions?.scenarios ?? []));
  };
  const sayAlias = (alias: string, terms: AliasTerms, revision: bigint | null) => {
    aliases.say(alias, terms, revision);
    scenarios.write(terms.scenario === null ? [] : [terms.scenario]);
  };
  const applyOne = (event: Recorded) => {
    switch (event.type) {
      case 'PriceListPublished':
        prices.list(event.data);
        return;
      case 'AliasWithdrawn':
        prices.withdraw(event.data.alias, event.data.version);
        return;
      case 'RouteChanged': {
        const { alias, ...terms } = event.data;
        sayRoute(alias, terms, event.revision);
        return;
      }
      case 'RouteRemoved':
        routes.say(event.data.alias, undefined, event.revision);
        return;
      case 'AliasChanged': {
        const { alias, ...terms } = event.data;
        sayAlias(alias, terms, event.revision);
        return;
      }
      case 'SettingsChanged':
        settings.say(event.stream, event.data, event.revision);
    }
  };
  const follower = followIndex({
    ...parts,
    name: 'the catalogue',
    prefixes: [
      ...[streamOf.priceList(''), streamOf.route(''), streamOf.alias('')],
      streamOf.settings(),
    ],
    fill(rows) {
      for (const row of rows.priceLists) {
        prices.list(listedPrice(row));
        if (row.withdrawn) prices.withdraw(row.alias, row.version);
      }
      for (const { alias, ...terms } of rows.routes) sayRoute(alias, terms, null);
      for (const { alias, terms } of rows.aliases) sayAlias(alias, terms, null);
      for (const { terms } of rows.settings) settings.say(streamOf.settings(), terms, null);
    },
    apply: applyOne,
  });

  return {
    ...follower,
    priceOf: prices.priceOf,
    laterPricesOf: prices.laterPricesOf,
    everListed: prices.everListed,
    routeOf: routes.of,
    routes: routes.all,
    aliasOf: (alias) => aliases.of(alias) ?? plainAlias,
    settings: () => settings.of(streamOf.settings()) ?? usualSettings,
    aliases: () => prices.everListed().filter((alias) => prices.priceOf(alias) !== undefined),
    apply(events) {
      for (const event of events) applyOne(event);
    },
  };
}

const listedPrice = (row: CatalogueRows['priceLists'][number]): ListedPrice => ({
  alias: row.alias,
  version: row.version,
  currency: row.currency,
  prices: {
    ...{ input: row.input, cachedInput: row.cached_input, output: row.output },
    ...filled({
      cacheWrite: row.cache_write,
      reasoning: row.reasoning,
      request: row.request,
      audioInput: row.audio_input,
      audioOutput: row.audio_output,
      imageInput: row.image_input,
      imageOutput: row.image_output,
      image: row.per_image,
      second: row.per_second,
      character: row.per_character,
    }),
  },
  defaultMaxOutput: row.default_max_output,
  effectiveAt: row.effective_at,
});

import type { AliasTerms } from '../../domain/alias/events.ts';
import { plainAlias } from '../../domain/alias/events.ts';
import type { ScenarioNames } from '../../domain/budget/scenario-names.ts';
import type { ClientAppTerms } from '../../domain/client-app/events.ts';
import { plainClientApp } from '../../domain/client-app/events.ts';
import type { EventType, Recorded } from '../../domain/events.ts';
import type { RouteTerms } from '../../domain/route/events.ts';
import type { OperatorSettings } from '../../domain/settings/events.ts';
import { usualSettings } from '../../domain/settings/events.ts';
import { streamOf } from '../../domain/streams.ts';
import { filled } from '../../projections/filled.ts';
import type { CatalogueRows } from '../postgres/index-rows.ts';
import type { ListedPrice, ListedPrices } from './listed-prices.ts';
import { listedPrices } from './listed-prices.ts';
import { newestSaid } from './newest-said.ts';

/** What the catalogue knows, whatever the order in which rows and events tell it. */
export interface CatalogueState
  extends Pick<ListedPrices, 'priceOf' | 'laterPricesOf' | 'everListed'> {
  /** Undefined for an alias without a route of its own. */
  routeOf(alias: string): RouteTerms | undefined;
  /** Every route, by its alias. */
  routes(): ReadonlyMap<string, RouteTerms>;
  aliasOf(alias: string): AliasTerms;
  clientAppOf(id: string): ClientAppTerms;
  /** Those that something was said of, by their ids. */
  clientApps(): ReadonlyMap<string, ClientAppTerms>;
  settings(): OperatorSettings;
  /** Everything that has a price now. */
  aliases(): readonly string[];
}

interface CatalogueStateParts {
  readonly clock: () => Date;
  readonly scenarios: Pick<ScenarioNames, 'write'>;
}

type Revision = bigint | null;
type Handlers = {
  readonly [Type in EventType]?: (event: Extract<Recorded, { type: Type }>) => void;
};

export function catalogueState({ clock, scenarios }: CatalogueStateParts) {
  const prices = listedPrices(clock);
  const routes = newestSaid<RouteTerms>();
  const aliases = newestSaid<AliasTerms>();
  const clientApps = newestSaid<ClientAppTerms>();
  const settings = newestSaid<OperatorSettings>();

  const sayScenario = (name: string | null) => scenarios.write(name === null ? [] : [name]);
  const say = {
    route(alias: string, terms: RouteTerms, revision: Revision) {
      routes.say(alias, terms, revision);
      scenarios.write(terms.candidates.flatMap(({ conditions }) => conditions?.scenarios ?? []));
    },
    alias(name: string, terms: AliasTerms, revision: Revision) {
      aliases.say(name, terms, revision);
      sayScenario(terms.scenario);
    },
    clientApp(id: string, terms: ClientAppTerms, revision: Revision) {
      clientApps.say(id, terms, revision);
      sayScenario(terms.scenario);
    },
  };
  const handlers: Handlers = {
    PriceListPublished: ({ data }) => prices.list(data),
    AliasWithdrawn: ({ data }) => prices.withdraw(data.alias, data.version),
    RouteChanged: ({ data: { alias, ...terms }, revision }) => say.route(alias, terms, revision),
    RouteRemoved: ({ data, revision }) => routes.say(data.alias, undefined, revision),
    AliasChanged: ({ data: { alias, ...terms }, revision }) => say.alias(alias, terms, revision),
    ClientAppChanged: ({ data: { clientApp, ...terms }, revision }) =>
      say.clientApp(clientApp, terms, revision),
    SettingsChanged: ({ stream, data, revision }) => settings.say(stream, data, revision),
  };

  const state: CatalogueState = {
    priceOf: prices.priceOf,
    laterPricesOf: prices.laterPricesOf,
    everListed: prices.everListed,
    routeOf: routes.of,
    routes: routes.all,
    aliasOf: (alias) => aliases.of(alias) ?? plainAlias,
    clientAppOf: (id) => clientApps.of(id) ?? plainClientApp,
    clientApps: clientApps.all,
    settings: () => settings.of(streamOf.settings()) ?? usualSettings,
    aliases: () => prices.everListed().filter((alias) => prices.priceOf(alias) !== undefined),
  };
  return {
    state,
    fill(rows: CatalogueRows): void {
      for (const row of rows.priceLists) prices.list(listedPrice(row));
      for (const { alias, version } of rows.priceLists.filter(({ withdrawn }) => withdrawn)) {
        prices.withdraw(alias, version);
      }
      for (const { alias, ...terms } of rows.routes) say.route(alias, terms, null);
      for (const { alias, terms } of rows.aliases) say.alias(alias, terms, null);
      for (const { client_app: id, terms } of rows.clientApps) say.clientApp(id, terms, null);
      for (const { terms } of rows.settings) settings.say(streamOf.settings(), terms, null);
    },
    apply(event: Recorded): void {
      // The table's key and parameter belong together, which the type system can't follow through a lookup.
      const handler = handlers[event.type] as ((event: Recorded) => void) | undefined;
      handler?.(event);
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

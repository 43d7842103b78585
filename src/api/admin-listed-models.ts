import { z } from 'zod';
import type { Catalogue } from '../adapters/eventstore/catalogue.ts';
import type { RunnerOf } from '../adapters/eventstore/execute.ts';
import { Currency } from '../domain/accounts.ts';
import { Instant } from '../domain/ids.ts';
import type { priceList } from '../domain/price-list/decider.ts';
import { Alias } from '../domain/price-list/events.ts';
import { streamOf } from '../domain/streams.ts';
import { ShownAlias, shownAlias } from './alias-terms.ts';
import { commandContext } from './command-context.ts';
import { ApiError } from './errors.ts';
import { WrittenPrices, writtenPrices } from './price-words.ts';
import { listOf, wholeList } from './reads.ts';
import { route } from './route.ts';

/** What this process knows of prices and defaults. */
export type ModelView = Pick<Catalogue, 'everListed' | 'priceOf' | 'laterPricesOf' | 'aliasOf'>;

const ListedPrices = z.object({
  version: z.int(),
  currency: Currency,
  price: WrittenPrices,
  default_max_output: z.int(),
  effective_at: Instant,
});

const ListedModel = z.object({
  alias: Alias,
  /** It may be asked for now. */
  on_sale: z.boolean(),
  in_force: ListedPrices.nullable(),
  /** Those that begin later, the next one first. */
  later: z.array(ListedPrices),
  ...ShownAlias.shape,
});

const params = z.object({ alias: Alias });

export const listModels = (view: ModelView) =>
  route({
    method: 'GET',
    path: '/api/admin/models',
    who: 'admin',
    summary: 'Every model alias that ever had a price: what it costs now and later, and its terms',
    reply: listOf(ListedModel),
    handle: () => ({ body: wholeList(view.everListed().toSorted().map(shownBy(view))) }),
  });

export const getModel = (view: ModelView) =>
  route({
    method: 'GET',
    path: '/api/admin/models/:alias',
    who: 'admin',
    summary: 'What a model alias costs now and later, and its terms',
    params,
    reply: ListedModel,
    handle({ params: { alias } }) {
      if (!view.everListed().includes(alias)) throw noSuchModel(alias);
      return { body: shownBy(view)(alias) };
    },
  });

export interface WithdrawalParts {
  readonly priceList: RunnerOf<typeof priceList>;
  readonly clock: () => Date;
}

/** Takes an alias off sale: no call finds it any more, and those in flight end at their price. */
export const withdrawModel = ({ priceList: { run, load }, clock }: WithdrawalParts) =>
  route({
    method: 'DELETE',
    path: '/api/admin/models/:alias',
    who: 'admin',
    summary: 'Take a model alias off sale until it is given a price again',
    params,
    status: 204,
    reply: z.undefined(),
    handle: async ({ caller, params: { alias }, request }) => {
      const stream = streamOf.priceList(alias);
      if ((await load(stream)).state.version === 0) throw noSuchModel(alias);
      const { position } = await run(
        stream,
        () => ({ type: 'WithdrawAlias', alias }),
        commandContext({ caller, request }, clock, 'withdraw-alias'),
      );
      return { body: undefined, position };
    },
  });

const noSuchModel = (alias: string): ApiError =>
  new ApiError('model_not_found', { param: 'alias', values: { model: alias } });

const shownBy =
  ({ priceOf, laterPricesOf, aliasOf }: ModelView) =>
  (alias: string): z.output<typeof ListedModel> => {
    const price = priceOf(alias);
    return {
      ...{ alias, on_sale: price !== undefined, in_force: price ? shownList(price) : null },
      later: laterPricesOf(alias).map(shownList),
      ...shownAlias(aliasOf(alias)),
    };
  };

type Listed = NonNullable<ReturnType<ModelView['priceOf']>>;

const shownList = (listed: Listed): z.output<typeof ListedPrices> => ({
  version: listed.version,
  currency: listed.currency,
  price: writtenPrices(listed.prices),
  default_max_output: listed.defaultMaxOutput,
  effective_at: listed.effectiveAt,
});

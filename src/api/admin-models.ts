import { z } from 'zod';
import type { RunnerOf } from '../adapters/eventstore/execute.ts';
import { Currency } from '../domain/accounts.ts';
import type { alias as aliasDecider } from '../domain/alias/decider.ts';
import { Instant } from '../domain/ids.ts';
import { homeCurrency } from '../domain/policies.ts';
import type { priceList } from '../domain/price-list/decider.ts';
import { Alias } from '../domain/price-list/events.ts';
import { streamOf } from '../domain/streams.ts';
import { aliasChanges, ShownAlias, shownAlias, WrittenAlias } from './alias-terms.ts';
import { commandContext } from './command-context.ts';
import { ApiError } from './errors.ts';
import { WrittenMoment } from './moment.ts';
import { pricesOf, WrittenPrices, writtenPrices } from './price-words.ts';
import { route } from './route.ts';

/** Output tokens that are held for and asked of the upstream where neither the call nor the price list says how many. */
export const usualMaxOutput = 4_096;

export interface ModelOrderParts {
  readonly run: RunnerOf<typeof priceList>['run'];
  readonly changeAlias: RunnerOf<typeof aliasDecider>['run'];
  readonly clock: () => Date;
}

/**
 * Publishes what a model costs, and its defaults and limits where they are said; a call in flight keeps
 * what it was reserved with. Two streams: whoever got no answer asks again, and nothing is done twice.
 */
export const putModel = ({ run, changeAlias, clock }: ModelOrderParts) =>
  route({
    method: 'PUT',
    path: '/api/admin/models/:alias',
    who: 'admin',
    summary:
      'Set what a model alias costs per 1M tokens, image, second, character and call; its defaults and limits',
    params: z.object({ alias: Alias }),
    body: z.strictObject({
      price: WrittenPrices,
      default_max_output: z.int().min(1).max(1_000_000).default(usualMaxOutput),
      effective_at: WrittenMoment.optional(),
      ...WrittenAlias.shape,
    }),
    reply: z.object({
      alias: Alias,
      version: z.int(),
      currency: Currency,
      price: WrittenPrices,
      default_max_output: z.int(),
      effective_at: Instant,
      ...ShownAlias.shape,
    }),
    handle: async ({ caller, params: { alias }, body, request }) => {
      const { price, default_max_output, effective_at: effectiveAt, ...terms } = body;
      const prices = pricesOf(price);
      if (effectiveAt !== undefined && effectiveAt < clock().toISOString()) {
        throw new ApiError('invalid_request', {
          ...{ param: 'effective_at', why: 'is_past', values: { param: 'effective_at' } },
        });
      }
      const published = await run(
        streamOf.priceList(alias),
        (at) => ({
          type: 'PublishPriceList',
          alias,
          currency: homeCurrency,
          prices,
          defaultMaxOutput: default_max_output,
          effectiveAt,
          at,
        }),
        commandContext({ caller, request }, clock, 'publish-price-list'),
      );
      const changed = await changeAlias(
        streamOf.alias(alias),
        () => ({ type: 'ChangeAlias', alias, changes: aliasChanges(terms) }),
        commandContext({ caller, request }, clock, 'change-alias'),
      );
      const { version, published: list } = published.state;
      return {
        body: {
          ...{ alias, version, currency: homeCurrency, default_max_output },
          price: writtenPrices(prices),
          effective_at: list?.effectiveAt ?? clock().toISOString(),
          ...shownAlias(changed.state.terms),
        },
        position: changed.position ?? published.position,
      };
    },
  });

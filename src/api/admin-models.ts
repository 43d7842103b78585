import { z } from 'zod';
import type { RunnerOf } from '../adapters/eventstore/execute.ts';
import { Currency } from '../domain/accounts.ts';
import { Instant } from '../domain/ids.ts';
import { homeCurrency } from '../domain/policies.ts';
import type { priceList } from '../domain/price-list/decider.ts';
import { Alias } from '../domain/price-list/events.ts';
import { streamOf } from '../domain/streams.ts';
import { commandContext } from './command-context.ts';
import { ApiError } from './errors.ts';
import { WrittenMoment } from './moment.ts';
import { pricesOf, WrittenPrices } from './price-words.ts';
import { route } from './route.ts';

const usualMaxOutput = 4_096;

/** Publishes what a model costs; a call in flight keeps the price it was reserved at. */
export const putModel = ({
  run,
  clock,
}: {
  readonly run: RunnerOf<typeof priceList>['run'];
  readonly clock: () => Date;
}) =>
  route({
    method: 'PUT',
    path: '/api/admin/models/:alias',
    who: 'admin',
    summary: 'Set what a model alias costs per 1M tokens, image, second, character and call',
    params: z.object({ alias: Alias }),
    body: z.strictObject({
      price: WrittenPrices,
      default_max_output: z.int().min(1).max(1_000_000).default(usualMaxOutput),
      effective_at: WrittenMoment.optional(),
    }),
    reply: z.object({
      alias: Alias,
      version: z.int(),
      currency: Currency,
      price: WrittenPrices,
      default_max_output: z.int(),
      effective_at: Instant,
    }),
    handle: async ({ caller, params: { alias }, body, request }) => {
      const { price, default_max_output, effective_at: effectiveAt } = body;
      if (effectiveAt !== undefined && effectiveAt < clock().toISOString()) {
        throw new ApiError('invalid_request', { param: 'effective_at', why: 'is_past' });
      }
      const { state, position } = await run(
        streamOf.priceList(alias),
        (at) => ({
          type: 'PublishPriceList',
          alias,
          currency: homeCurrency,
          prices: pricesOf(price),
          defaultMaxOutput: default_max_output,
          effectiveAt,
          at,
        }),
        commandContext({ caller, request }, clock, 'publish-price-list'),
      );
      const { version, published } = state;
      return {
        body: {
          ...{ alias, version, currency: homeCurrency, price, default_max_output },
          effective_at: published?.effectiveAt ?? clock().toISOString(),
        },
        position,
      };
    },
  });

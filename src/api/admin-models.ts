import { z } from 'zod';
import type { RunnerOf } from '../adapters/eventstore/execute.ts';
import { Currency } from '../domain/accounts.ts';
import { Price } from '../domain/money.ts';
import { homeCurrency } from '../domain/policies.ts';
import type { priceList } from '../domain/price-list/decider.ts';
import { Alias } from '../domain/price-list/events.ts';
import { streamOf } from '../domain/streams.ts';
import { commandContext } from './command-context.ts';
import { route } from './route.ts';

const usualMaxOutput = 4_096;

const PerMillion = z.strictObject({ input: Price, cached_input: Price, output: Price });

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
    summary: 'Set what a model alias costs per 1M tokens',
    params: z.object({ alias: Alias }),
    body: z.strictObject({
      price: PerMillion,
      default_max_output: z.int().min(1).max(1_000_000).default(usualMaxOutput),
    }),
    reply: z.object({
      alias: Alias,
      version: z.int(),
      currency: Currency,
      price: PerMillion,
      default_max_output: z.int(),
    }),
    handle: async ({ caller, params: { alias }, body, request }) => {
      const { price, default_max_output } = body;
      const { input, cached_input, output } = price;
      const { state, position } = await run(
        streamOf.priceList(alias),
        (at) => ({
          type: 'PublishPriceList',
          alias,
          currency: homeCurrency,
          prices: { input, cachedInput: cached_input, output },
          defaultMaxOutput: default_max_output,
          at,
        }),
        commandContext({ caller, request }, clock, 'publish-price-list'),
      );
      const { version } = state;
      return {
        body: { alias, version, currency: homeCurrency, price, default_max_output },
        position,
      };
    },
  });

import { z } from 'zod';
import { Currency } from '../accounts.ts';
import type { EventOf } from '../event-table.ts';
import { olderVersion } from '../event-table.ts';
import { Alias, Prices } from '../price-list/events.ts';
import { Conditions } from './conditions.ts';

export const UpstreamName = z
  .string()
  .regex(/^[a-z][a-z0-9_]{0,63}$/, '1 to 64 small letters, digits or `_`, a letter first');

const named = {
  upstream: UpstreamName,
  model: z.string().min(1).max(200).describe(`the upstream's own name of the model`),
  weight: z
    .number()
    .positive()
    .max(1_000_000)
    .describe('its share of the calls, beside the others'),
};

export const Cost = z
  .object({
    ...Prices.shape,
    currency: Currency.optional().describe('what it is in; absent: the home currency'),
  })
  .describe('what the upstream charges us, as a price list says it');
export type Cost = z.infer<typeof Cost>;

export const Candidate = z
  .object({
    ...named,
    priority: z
      .int()
      .min(0)
      .max(1_000)
      .optional()
      .describe('the lowest is tried first under `priority`; 0 unless said'),
    cost: Cost.optional(),
    conditions: Conditions.optional(),
  })
  .describe('one upstream model that may answer for an alias');
export type Candidate = z.infer<typeof Candidate>;

/** How candidates are put in order. */
export const Strategy = z
  .enum(['auto', 'priority', 'weighted', 'cheapest', 'fastest', 'least_loaded'])
  .describe('how the candidates of a call are put in order');
export type Strategy = z.infer<typeof Strategy>;

const Share = z.number().min(0).max(1_000);
export const Scoring = z
  .object({
    load: Share.describe('calls in flight against capacity'),
    cost: Share.describe('what the call would cost us, against the dearest'),
    latency: Share.describe('time to the first token, against the slowest'),
    health: Share.describe('the share of calls that failed lately'),
  })
  .refine((each) => each.load + each.cost + each.latency + each.health > 0, 'all of them are 0')
  .describe('how much each counts under `auto`, beside the others');
export type Scoring = z.infer<typeof Scoring>;

/** Health first: a cheap answer that doesn't come is no answer. */
export const usualScoring: Scoring = { load: 1, cost: 1, latency: 1, health: 2 };

export const HangUp = z
  .enum(['cancel', 'drain'])
  .describe(
    'what becomes of an answer that has begun when its client hangs up: it is ended and what came is counted, ' +
      'or it is read to its end and paid as its upstream says; absent: `cancel`',
  );
export type HangUp = z.infer<typeof HangUp>;

export const RouteTerms = z.object({
  strategy: Strategy,
  candidates: z.array(Candidate).min(1).max(32),
  scoring: Scoring,
  sticky: z
    .boolean()
    .describe('calls of one conversation go to the same candidate, for its prompt cache'),
  hangUp: HangUp.optional(),
});
/** How the calls of one alias are routed. */
export type RouteTerms = z.infer<typeof RouteTerms>;

const RouteChanged = z
  .object({ alias: Alias, ...RouteTerms.shape })
  .describe('Which upstream models answer for an alias, and how one is chosen, from now on.');

const RouteChangedV1 = z.object({
  alias: Alias,
  candidates: z.array(z.object(named)).min(1).max(32),
});

const RouteRemoved = z
  .object({ alias: Alias })
  .describe('An alias has no route of its own any more; who answers by default answers for it.');

export const routeEvents = { RouteChanged, RouteRemoved };
export type RouteEvent = EventOf<typeof routeEvents>;

/** Before there were strategies each call was drawn by weight alone. */
export const olderRouteEvents = {
  RouteChanged: [
    olderVersion(RouteChangedV1, ({ alias, candidates }) => ({
      ...{ alias, candidates },
      strategy: 'weighted',
      scoring: usualScoring,
      sticky: false,
    })),
  ],
};

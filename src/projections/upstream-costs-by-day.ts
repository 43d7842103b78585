import { z } from 'zod';
import { Currency } from '../domain/accounts.ts';
import { mostNames } from '../domain/budget/scenario-names.ts';
import type { BookedCost } from '../domain/wallet/call-events.ts';
import { projection, sum } from './projection.ts';
import { query } from './query.ts';
import { Total } from './total.ts';

export const upstreamCostsByDay = projection(
  'upstream_costs_by_day',
  {
    meaning:
      'One row a UTC day of the booking, upstream, model alias, scenario, plan, client app and currency: what upstreams charge us. Nothing that is in `suspense` is in it.',
    group: 'finance',
    version: 1,
    key: {
      day: 'date',
      upstream: 'text',
      model: 'text',
      scenario: 'text',
      plan: 'text',
      client_app: 'text',
      currency: 'text',
    },
    columns: {
      bookings: sum('bigint', 'attempts at calls, and differences that came late'),
      cost: sum('numeric', 'what they cost us; late differences count on their own day'),
    },
  },
  {
    UsageSettled: ({ data, meta }) => booked(data, meta.recordedAt),
    ReservationReleased: ({ data, meta }) => booked(data, meta.recordedAt),
    ReservationExpired: ({ data, meta }) => booked(data, meta.recordedAt),
    LateSettlementPosted: ({ data, meta }) => booked(data, meta.recordedAt),
    LateCostsPosted: ({ data, meta }) => booked(data, meta.recordedAt),
  },
);

interface Booking {
  readonly call: { readonly model: string };
  readonly costs: readonly BookedCost[];
}

/** Who names no scenario, plan or client app is under an empty one. */
const booked = ({ call, costs }: Booking, at: string) =>
  costs.map(({ upstream, scenario = '', plan = '', clientApp = '', asset, amount }) => ({
    ...{ day: at.slice(0, 10), upstream, model: call.model, scenario, plan },
    ...{ client_app: clientApp, currency: asset, bookings: 1, cost: amount },
  }));

export const BookedOnDay = z.object({
  day: z.string(),
  upstream: z.string(),
  model: z.string(),
  scenario: z.string(),
  plan: z.string(),
  client_app: z.string(),
  currency: Currency,
  cost: Total,
});

/** What was booked from a UTC day on, as the index of costs of a process starts from it. */
export const bookedSince = (day: string) =>
  query(BookedOnDay)`
    SELECT day, upstream, model, scenario, plan, client_app, currency,
           trim_scale(cost)::text AS cost
    FROM read.upstream_costs_by_day WHERE day >= ${day}::date`;

export const BookedScenario = z.object({ scenario: z.string(), day: z.string() });

/** Scenarios that something is booked under from a UTC day on, and when last; no more than may count. */
export const scenariosSince = (day: string) =>
  query(BookedScenario)`
    SELECT scenario, max(day) AS day
    FROM read.upstream_costs_by_day WHERE day >= ${day}::date AND scenario <> ''
    GROUP BY scenario LIMIT ${mostNames}`;

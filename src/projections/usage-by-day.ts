import { z } from 'zod';
import { Asset } from '../domain/accounts.ts';
import { projection, sum } from './projection.ts';
import { fragment, query } from './query.ts';
import { Total } from './total.ts';

/** What each member used and was charged, by UTC day of the settlement, model and asset. */
export const usageByDay = projection(
  'usage_by_day',
  {
    version: 1,
    key: { member_id: 'uuid', day: 'date', model: 'text', asset: 'text' },
    columns: {
      calls: sum('bigint'),
      input: sum('bigint'),
      cached_input: sum('bigint'),
      output: sum('bigint'),
      reasoning: sum('bigint'),
      charge: sum('numeric'),
    },
  },
  {
    UsageSettled: ({ data, meta }) => [
      {
        member_id: data.call.memberId,
        day: meta.recordedAt.slice(0, 10),
        model: data.call.model,
        asset: data.asset,
        calls: 1,
        input: data.usage.input,
        cached_input: data.usage.cachedInput,
        output: data.usage.output,
        reasoning: data.usage.reasoning,
        charge: data.charge,
      },
    ],
  },
);

const Count = z.int().nonnegative();

export const Used = z.object({
  asset: Asset,
  calls: Count,
  input: Count,
  cached_input: Count,
  output: Count,
  reasoning: Count,
  charge: Total,
});

/** UTC days, both included. */
export interface Days {
  readonly from: string;
  readonly to: string;
}

const totals = fragment`
  asset, to_jsonb(sum(calls)) AS calls, to_jsonb(sum(input)) AS input,
  to_jsonb(sum(cached_input)) AS cached_input, to_jsonb(sum(output)) AS output,
  to_jsonb(sum(reasoning)) AS reasoning, trim_scale(sum(charge))::text AS charge`;

const within = (memberId: string, { from, to }: Days) => fragment`
  member_id = ${memberId} AND day BETWEEN ${from}::date AND ${to}::date`;

/** One row an asset. */
export const usageTotals = (memberId: string, days: Days) =>
  query(Used)`
    SELECT ${totals} FROM read.usage_by_day WHERE ${within(memberId, days)}
    GROUP BY asset ORDER BY asset`;

/** One row a day and asset, the oldest first. */
export const usagePerDay = (memberId: string, days: Days) =>
  query(Used.extend({ day: z.string() }))`
    SELECT day, ${totals} FROM read.usage_by_day WHERE ${within(memberId, days)}
    GROUP BY day, asset ORDER BY day, asset`;

/** One row a model and asset. */
export const usagePerModel = (memberId: string, days: Days) =>
  query(Used.extend({ model: z.string() }))`
    SELECT model, ${totals} FROM read.usage_by_day WHERE ${within(memberId, days)}
    GROUP BY model, asset ORDER BY model, asset`;

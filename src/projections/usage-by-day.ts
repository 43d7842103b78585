import { z } from 'zod';
import { Asset } from '../domain/accounts.ts';
import { opposite } from '../domain/money.ts';
import type { WalletEventData } from '../domain/wallet/events.ts';
import { mediaUsed } from './media.ts';
import type { RowOf } from './projection.ts';
import { projection, sum } from './projection.ts';
import { fragment, query } from './query.ts';
import { Total } from './total.ts';

const key = { member_id: 'uuid', day: 'date', model: 'text', asset: 'text' } as const;
const columns = {
  calls: sum('bigint', 'those that were settled'),
  input: sum('bigint'),
  cached_input: sum('bigint'),
  output: sum('bigint'),
  reasoning: sum('bigint'),
  cache_write: sum('bigint'),
  audio_input: sum('bigint'),
  audio_output: sum('bigint'),
  image_input: sum('bigint'),
  image_output: sum('bigint'),
  images: sum('bigint'),
  seconds: sum('bigint'),
  characters: sum('bigint'),
  charge: sum('numeric', 'what was charged, less what was given back on this day'),
};
type Row = RowOf<typeof key, typeof columns>;

export const usageByDay = projection(
  'usage_by_day',
  {
    meaning:
      'One row a member, UTC day of the settlement, model and asset: what was used and charged. Late settlements and corrections count on their own day.',
    group: 'finance',
    version: 5,
    key,
    columns,
  },
  {
    UsageSettled: ({ data, meta }) => [{ ...used(data, meta.recordedAt), charge: data.charge }],
    // Where the sweeper knew nothing it counted no call. Where it did, its tokens stand.
    LateSettlementPosted: ({ data, meta }) => {
      const row = isFirst(data) ? used(data, meta.recordedAt) : place(data, meta.recordedAt);
      return [{ ...row, charge: data.difference }];
    },
    // Given back on the day of the correction: what a day was is not changed afterwards.
    UsageCorrected: ({ data, meta }) => [
      {
        ...place({ call: data, asset: data.asset }, meta.recordedAt),
        charge: opposite(data.amount),
      },
    ],
  },
);

type Settled = WalletEventData<'UsageSettled' | 'LateSettlementPosted'>;

/** Older events don't say it, but for a call that was charged nothing before. */
const isFirst = ({ first, difference, charge }: WalletEventData<'LateSettlementPosted'>): boolean =>
  first ?? (difference === charge && charge !== '0');

const used = (data: Settled, at: string): Row => ({
  ...place(data, at),
  calls: 1,
  input: data.usage.input,
  cached_input: data.usage.cachedInput,
  output: data.usage.output,
  reasoning: data.usage.reasoning,
  cache_write: data.usage.cacheWrite ?? 0,
  ...mediaUsed(data.usage),
});

const place = (
  { call, asset }: { call: { memberId: string; model: string }; asset: Asset },
  at: string,
): Row => ({ member_id: call.memberId, day: at.slice(0, 10), model: call.model, asset });

const Count = z.int().nonnegative();

export const Used = z.object({
  asset: Asset,
  calls: Count,
  input: Count,
  cached_input: Count,
  output: Count,
  reasoning: Count,
  cache_write: Count,
  audio_input: Count,
  audio_output: Count,
  image_input: Count,
  image_output: Count,
  images: Count,
  seconds: Count,
  characters: Count,
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
  to_jsonb(sum(reasoning)) AS reasoning, to_jsonb(sum(cache_write)) AS cache_write,
  to_jsonb(sum(audio_input)) AS audio_input, to_jsonb(sum(audio_output)) AS audio_output,
  to_jsonb(sum(image_input)) AS image_input, to_jsonb(sum(image_output)) AS image_output,
  to_jsonb(sum(images)) AS images, to_jsonb(sum(seconds)) AS seconds,
  to_jsonb(sum(characters)) AS characters,
  trim_scale(sum(charge))::text AS charge`;

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

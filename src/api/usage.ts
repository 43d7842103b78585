import { z } from 'zod';
import { QuotaRow, quotas, quotasOf } from '../projections/quotas.ts';
import {
  Used,
  usageByDay,
  usagePerDay,
  usagePerModel,
  usageTotals,
} from '../projections/usage-by-day.ts';
import { ApiError } from './errors.ts';
import type { Locale } from './locale.ts';
import { textOf } from './messages.ts';
import type { Profile } from './profile.ts';
import type { Reads } from './reads.ts';
import { MinPosition, positionOf } from './reads.ts';
import { route } from './route.ts';
import { UserProfile } from './user-profile.ts';

const dayMs = 24 * 60 * 60 * 1000;
const usualDays = 30;
const mostDays = 366;

/** Earlier ones are not written alike everywhere. */
const Day = z.iso.date().refine((text) => text >= '1970-01-01');

/** What a member used within some days, beside what a client app shows of its user. */
export const usage = ({
  reads,
  profileOf,
  clock,
}: {
  readonly reads: Reads;
  readonly profileOf: Profile;
  readonly clock: () => Date;
}) =>
  route({
    method: 'GET',
    path: '/api/usage',
    who: 'session_or_key',
    summary:
      'What I used, by UTC day and by model, the last 30 days unless said, and what I may use',
    query: z.object({ from: Day.optional(), to: Day.optional(), min_position: MinPosition }),
    reply: UserProfile.extend({
      from: z.string(),
      to: z.string(),
      totals: z.array(Used),
      by_day: z.array(Used.extend({ day: z.string() })),
      by_model: z.array(Used.extend({ model: z.string() })),
      quotas: z.array(QuotaRow),
      as_of_position: z.string().nullable(),
    }),
    handle: async ({ caller: { memberId, walletId }, query, request }) => {
      const now = clock();
      const days = daysOf(query, now, request.locale);
      const position = await positionOf(reads, [usageByDay, quotas], query.min_position);
      const [profile, totals, byDay, byModel, allowances] = await Promise.all([
        profileOf(memberId),
        reads.any(usageTotals(memberId, days)),
        reads.any(usagePerDay(memberId, days)),
        reads.any(usagePerModel(memberId, days)),
        reads.any(quotasOf(walletId, now.toISOString())),
      ]);
      return {
        body: {
          ...profile,
          user_plan: null,
          expire_at: null,
          ...days,
          totals: [...totals],
          by_day: [...byDay],
          by_model: [...byModel],
          quotas: [...allowances],
          as_of_position: position,
        },
      };
    },
  });

interface Asked {
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

function daysOf(asked: Asked, now: Date, locale: Locale) {
  const to = asked.to ?? dayOf(now);
  const from = asked.from ?? dayOf(new Date(Date.parse(to) - (usualDays - 1) * dayMs));
  const days = (Date.parse(to) - Date.parse(from)) / dayMs + 1;
  if (days >= 1 && days <= mostDays) return { from, to };
  const message = textOf('tooManyDays', locale, { most: mostDays });
  throw new ApiError('invalid_request', { param: 'from', fields: [{ field: 'from', message }] });
}

const dayOf = (moment: Date): string => moment.toISOString().slice(0, 10);

import { z } from 'zod';
import type { MemberPlan } from '../domain/member/events.ts';
import { PlanId } from '../domain/member/events.ts';
import { Permits } from '../domain/permits.ts';
import { WrittenMoment } from './moment.ts';
import { WrittenEndpoints } from './permitted-endpoints.ts';
import { ratesFrom, ShownRates, shownRates, WrittenRates } from './written-rates.ts';

const { aliases, scenarios, endpoints } = Permits.shape;

/** A member's plan as an administrator writes it; what is left out is permitted, and without limit or end. */
export const WrittenPlan = z.strictObject({
  id: PlanId,
  expires_at: WrittenMoment.nullable().default(null),
  aliases: aliases.default(null),
  scenarios: scenarios.default(null),
  endpoints: WrittenEndpoints.default(null),
  limits: WrittenRates.prefault({}),
});

export const ShownPlan = z.object({
  id: PlanId,
  expires_at: z.string().nullable(),
  ...{ aliases, scenarios, endpoints },
  limits: ShownRates,
});

export function planFrom(written: z.output<typeof WrittenPlan>): MemberPlan {
  const { expires_at: expiresAt, limits, ...rest } = written;
  return { ...rest, expiresAt, limits: ratesFrom(limits) };
}

export function shownPlan({ expiresAt, limits, ...rest }: MemberPlan): z.output<typeof ShownPlan> {
  return { ...rest, expires_at: expiresAt, limits: shownRates(limits) };
}

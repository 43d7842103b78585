import type { Wanted } from '../domain/permits.ts';
import { forbiddenIn, permitsAlias } from '../domain/permits.ts';
import type { KeyCaller } from './caller.ts';
import { ApiError } from './errors.ts';

type Carried = Pick<KeyCaller, 'plan' | 'permits'>;

/** Throws unless the key, and its member's plan, permit such a call now. */
export function refuseForbidden({ plan, permits }: Carried, wanted: Wanted, now: Date): void {
  const { alias, scenario = '', endpoint } = wanted;
  const values = { alias, scenario, endpoint, plan: plan?.id ?? '' };
  if (plan && isOver(plan, now)) throw new ApiError('plan_expired', { values });
  const byPlan = plan && forbiddenIn(plan, wanted);
  if (byPlan) throw refusal(byPlan, `plan_${byPlan}`, values);
  const byKey = permits && forbiddenIn(permits, wanted);
  if (byKey) throw refusal(byKey, `key_${byKey}`, values);
}

const params = { alias: 'model', scenario: 'x-scenario', endpoint: undefined } as const;

function refusal(
  what: keyof Wanted,
  why: `${'plan' | 'key'}_${keyof Wanted}`,
  values: Readonly<Record<string, string>>,
): ApiError {
  const param = params[what];
  return new ApiError('plan_not_permitted', { why, values, ...(param ? { param } : {}) });
}

/** Whether some call of this alias may be permitted now. */
export const mayUse = ({ plan, permits }: Carried, alias: string, now: Date): boolean =>
  !(plan && (isOver(plan, now) || !permitsAlias(plan, alias))) &&
  !(permits && !permitsAlias(permits, alias));

const isOver = ({ expiresAt }: NonNullable<Carried['plan']>, now: Date): boolean =>
  expiresAt !== null && expiresAt <= now.toISOString();

import { aliases } from './aliases.ts';
import { apiKeys } from './api-keys.ts';
import { balance } from './balance.ts';
import { budgets } from './budgets.ts';
import { calls } from './calls.ts';
import { clientApps } from './client-apps.ts';
import { configChanges } from './config-changes.ts';
import { eventIndex } from './event-index.ts';
import { lots } from './lots.ts';
import { memberPlans } from './member-plans.ts';
import { memberRoles } from './member-roles.ts';
import { members } from './members.ts';
import { openHolds } from './open-holds.ts';
import { priceLists } from './price-lists.ts';
import type { Projection } from './projection.ts';
import { quotas } from './quotas.ts';
import { routes } from './routes.ts';
import { sessions } from './sessions.ts';
import { settings } from './settings.ts';
import { trialBalance } from './trial-balance.ts';
import { upstreamCostsByDay } from './upstream-costs-by-day.ts';
import { upstreams } from './upstreams.ts';
import { usageByDay } from './usage-by-day.ts';

/** Every read model there is. */
export const projections: readonly Projection[] = [
  members,
  memberRoles,
  memberPlans,
  apiKeys,
  sessions,
  balance,
  trialBalance,
  calls,
  usageByDay,
  upstreamCostsByDay,
  quotas,
  eventIndex,
  openHolds,
  lots,
  priceLists,
  routes,
  budgets,
  aliases,
  clientApps,
  settings,
  upstreams,
  configChanges,
];

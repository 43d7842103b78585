import type { DatabasePool, DatabaseTransactionConnection } from 'slonik';
import type { z } from 'zod';
import type { IndexedAlias } from '../../projections/aliases.ts';
import { aliases, indexedAliases } from '../../projections/aliases.ts';
import type { IndexedKey } from '../../projections/api-keys.ts';
import { apiKeys, indexedKeys } from '../../projections/api-keys.ts';
import { asOf, positionsOf } from '../../projections/as-of.ts';
import type { IndexedBudget } from '../../projections/budgets.ts';
import { budgets, indexedBudgets } from '../../projections/budgets.ts';
import type { IndexedClientApp } from '../../projections/client-apps.ts';
import { clientApps, indexedClientApps } from '../../projections/client-apps.ts';
import { memberPlans } from '../../projections/member-plans.ts';
import { memberRoles } from '../../projections/member-roles.ts';
import type { IndexedMember } from '../../projections/members.ts';
import { indexedMembers, members } from '../../projections/members.ts';
import type { IndexedPriceList } from '../../projections/price-lists.ts';
import { indexedPriceLists, priceLists } from '../../projections/price-lists.ts';
import type { Projection } from '../../projections/projection.ts';
import { statement } from '../../projections/query.ts';
import type { IndexedRoute } from '../../projections/routes.ts';
import { indexedRoutes, routes } from '../../projections/routes.ts';
import type { EndedSession } from '../../projections/sessions.ts';
import { endedSessions, sessions } from '../../projections/sessions.ts';
import type { IndexedSettings } from '../../projections/settings.ts';
import { indexedSettings, settings } from '../../projections/settings.ts';
import type { BookedOnDay, BookedScenario } from '../../projections/upstream-costs-by-day.ts';
import {
  bookedSince,
  scenariosSince,
  upstreamCostsByDay,
} from '../../projections/upstream-costs-by-day.ts';
import type { IndexedUpstream } from '../../projections/upstreams.ts';
import { indexedUpstreams, upstreams } from '../../projections/upstreams.ts';

/** What the access index of a process starts from. */
export interface AccessRows {
  readonly apiKeys: readonly z.infer<typeof IndexedKey>[];
  readonly members: readonly z.infer<typeof IndexedMember>[];
  readonly endedSessions: readonly z.infer<typeof EndedSession>[];
  /** The rows hold every event up to here, and perhaps some later ones; null: none yet. */
  readonly after: bigint | null;
}

/** What the model catalogue of a process starts from. */
export interface CatalogueRows {
  readonly priceLists: readonly z.infer<typeof IndexedPriceList>[];
  readonly routes: readonly z.infer<typeof IndexedRoute>[];
  readonly aliases: readonly z.infer<typeof IndexedAlias>[];
  readonly clientApps: readonly z.infer<typeof IndexedClientApp>[];
  readonly settings: readonly z.infer<typeof IndexedSettings>[];
  readonly after: bigint | null;
}

/** What the budgets of a process start from. */
export interface BudgetRows {
  readonly budgets: readonly z.infer<typeof IndexedBudget>[];
  /** This month's, as far as they are booked; no more than may count. */
  readonly scenarios: readonly z.infer<typeof BookedScenario>[];
  readonly after: bigint | null;
}

/** What the costs of a process start from. */
export interface CostRows {
  readonly booked: readonly z.infer<typeof BookedOnDay>[];
  /** The rows hold every event of a partition up to here, and none after it; those left out: none. */
  readonly positions: ReadonlyMap<number, bigint>;
  readonly after: bigint | null;
}

/** What a process's index of live upstreams starts from. */
export interface UpstreamRows {
  readonly upstreams: readonly z.infer<typeof IndexedUpstream>[];
  readonly after: bigint | null;
}

/** Keys, members and ended sessions as one snapshot shows them. */
export const accessRows = (pool: DatabasePool): Promise<AccessRows> =>
  snapshot(pool, async (read) => ({
    apiKeys: await read.any(indexedKeys()),
    members: await read.any(indexedMembers()),
    endedSessions: await read.any(endedSessions()),
    after: await readTo(read, [apiKeys, members, memberRoles, memberPlans, sessions]),
  }));

/** Prices, routes, aliases, client apps and settings as one snapshot shows them. */
export const catalogueRows = (pool: DatabasePool): Promise<CatalogueRows> =>
  snapshot(pool, async (read) => ({
    priceLists: await read.any(indexedPriceLists()),
    routes: await read.any(indexedRoutes()),
    aliases: await read.any(indexedAliases()),
    clientApps: await read.any(indexedClientApps()),
    settings: await read.any(indexedSettings()),
    after: await readTo(read, [priceLists, routes, aliases, clientApps, settings]),
  }));

/** Budgets as one snapshot shows them, and the names that costs of this month are under. */
export const budgetRows = (pool: DatabasePool, clock: () => Date): Promise<BudgetRows> =>
  snapshot(pool, async (read) => ({
    budgets: await read.any(indexedBudgets()),
    scenarios: await read.any(scenariosSince(firstOfMonth(clock(), 0))),
    after: await readTo(read, [budgets]),
  }));

/** What was booked from the first day of the month before on, as one snapshot shows it. */
export const costRows = (pool: DatabasePool, clock: () => Date): Promise<CostRows> =>
  snapshot(pool, async (read) => {
    const positions = await read.any(positionsOf(upstreamCostsByDay));
    return {
      booked: await read.any(bookedSince(firstOfMonth(clock(), -1))),
      positions: new Map(positions.map((row) => [Number(row.partition), BigInt(row.position)])),
      after: await readTo(read, [upstreamCostsByDay]),
    };
  });

/** The first day of UTC's month so many months from one. */
const firstOfMonth = (now: Date, months: number): string =>
  new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + months, 1))
    .toISOString()
    .slice(0, 10);

/** Live upstreams as one snapshot shows them. */
export const upstreamRows = (pool: DatabasePool): Promise<UpstreamRows> =>
  snapshot(pool, async (read) => ({
    upstreams: await read.any(indexedUpstreams()),
    after: await readTo(read, [upstreams]),
  }));

const snapshot = <Rows>(
  pool: DatabasePool,
  read: (connection: DatabaseTransactionConnection) => Promise<Rows>,
): Promise<Rows> =>
  pool.transaction(async (connection) => {
    await connection.query(statement`SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY`);
    return read(connection);
  });

async function readTo(
  read: DatabaseTransactionConnection,
  projections: readonly Projection[],
): Promise<bigint | null> {
  const position = await read.maybeOneFirst(asOf(projections));
  return position === null ? null : BigInt(position);
}

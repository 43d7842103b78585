import { setTimeout as sleep } from 'node:timers/promises';
import type { Projection } from '../../projections/projection.ts';
import { inTransaction } from './build-orders.ts';
import { isOf, readBuilds } from './builds.ts';
import { betweenTriesMs, dropIn, isLockTimeout, mostTries, swap } from './rebuild.ts';

/** There is no build to go back to, or it does not hold what readers have seen. */
export class NothingToRollBackTo extends Error {
  override readonly name = 'NothingToRollBackTo';
}

/**
 * Shows again the build that was shown before the present one; returns its schema. A reader who takes
 * long is waited for, while whoever feeds them goes on.
 */
export async function rollBack(databaseUrl: string, projection: Projection): Promise<string> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await rollBackNow(databaseUrl, projection);
    } catch (error) {
      if (!isLockTimeout(error) || tries === mostTries) throw error;
      await sleep(betweenTriesMs);
    }
  }
}

const rollBackNow = (databaseUrl: string, projection: Projection): Promise<string> =>
  inTransaction(databaseUrl, async (client) => {
    const known = (await readBuilds(client)).filter(
      (build) => build.projection === projection.name,
    );
    const shown = known.find(({ state }) => state === 'shown');
    const kept = known.findLast((build) => build.state === 'kept' && isOf(build, projection));
    if (!shown || !kept) {
      throw new NothingToRollBackTo(`This release feeds no older build of ${projection.name}.`);
    }
    // In the order in which whoever feeds them locks them.
    await client.query(
      `SELECT FROM feed.positions WHERE consumer IN ($1, $2)
       ORDER BY consumer, partition FOR UPDATE`,
      [shown.schema, kept.schema],
    );
    const { rows } = await client.query<{ behind: boolean }>(
      `SELECT coalesce(bool_or(k.position IS NULL AND s.position IS NOT NULL
                               OR k.position < s.position), false) AS behind
       FROM (SELECT * FROM feed.positions WHERE consumer = $1) AS s
       JOIN (SELECT * FROM feed.positions WHERE consumer = $2) AS k USING (partition)`,
      [shown.schema, kept.schema],
    );
    if (rows[0]?.behind) {
      throw new NothingToRollBackTo(`${kept.schema} is behind ${shown.schema}; try again shortly.`);
    }
    await swap(client, { projection, schema: kept.schema }, shown.schema);
    return kept.schema;
  });

/** Drops every build of a read model that isn't shown; returns their schemas. */
export const dropOthers = (
  databaseUrl: string,
  projection: Projection,
): Promise<readonly string[]> =>
  inTransaction(databaseUrl, async (client) => {
    const others = (await readBuilds(client)).filter(
      (build) => build.projection === projection.name && build.state !== 'shown',
    );
    for (const { schema } of others) await dropIn(client, schema);
    return others.map(({ schema }) => schema);
  });

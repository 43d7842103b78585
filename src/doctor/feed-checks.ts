import { setTimeout as sleep } from 'node:timers/promises';
import type { DatabasePool } from 'slonik';
import { readOn } from '../adapters/checker/read-on.ts';
import type { Log } from '../adapters/eventstore/log.ts';
import { builds, leases, openHoldAges, policyPositions } from '../projections/installation.ts';
import { projections } from '../projections/registry.ts';
import type { Check } from './check.ts';
import { failure, ok, warning } from './check.ts';

export interface FeedParts {
  readonly eventLog: Pick<Log, 'head' | 'subscribe'>;
  readonly pool: DatabasePool;
}

/** So long whoever feeds may need for what was the log's end when this began. */
const patienceMs = 5_000;

/** Who runs, as leases tell; nobody is no fault: the program may be stopped. */
export async function leaseCheck(pool: DatabasePool): Promise<Check> {
  const rows = await pool.any(leases());
  const live = rows.filter((row) => row.live).length;
  if (live === 0) return ok('leases', 'no process runs');
  return ok('leases', `${live} live, ${rows.length - live} lapsed within a day`);
}

const runs = async (pool: DatabasePool): Promise<boolean> =>
  (await pool.any(leases())).some(({ live }) => live);

/** Read models that hold less than the log has: behind when nobody runs, stopped when somebody does. */
export async function projectionCheck({ eventLog, pool }: FeedParts): Promise<Check> {
  const end = (await eventLog.head()) ?? -1n;
  const isRunning = await runs(pool);
  const until = performance.now() + (isRunning ? patienceMs : 0);
  let behind = await standing(pool, end);
  while (behind.length > 0 && performance.now() < until) {
    await sleep(200);
    behind = await standing(pool, end);
  }
  const [count, name] = [projections.length, 'projections'];
  if (behind.length === 0) return ok(name, `all ${count} hold the log up to ${end}`);
  const said = `${behind.length} of ${count} do not hold the log up to ${end}`;
  return isRunning
    ? failure(name, `${said}: they stand still, see their reasons in /readyz and the log`, behind)
    : warning(name, `${said}: the next start catches up`, behind);
}

async function standing(pool: DatabasePool, end: bigint): Promise<readonly string[]> {
  const rows = (await pool.any(builds())).filter(({ state }) => state === 'shown');
  return projections.flatMap(({ name }) => {
    const row = rows.find((each) => each.projection === name);
    const position = row?.position ?? null;
    if (position !== null && BigInt(position) >= end) return [];
    return [`${row?.schema ?? name} stands at ${position ?? 'its beginning'}`];
  });
}

/** Events whose commands have not been run yet. */
export async function policyCheck({ eventLog, pool }: FeedParts): Promise<Check> {
  let waiting = 0;
  for (const { prefix, position } of await pool.any(policyPositions())) {
    const after = position === null ? null : BigInt(position);
    for await (const _ of readOn(eventLog, { after, prefixes: [prefix] })) waiting += 1;
  }
  if (waiting === 0) return ok('policies', 'every event was acted on');
  const said = `${waiting} events wait to be acted on`;
  return (await runs(pool)) ? warning('policies', said) : warning('policies', `${said} by a start`);
}

/** A process that is gone has no call for longer than a sweeper needs. */
const mostAbandonedSeconds = 60;

export async function openHoldCheck(pool: DatabasePool, totalMs: number): Promise<Check> {
  const { held, abandoned, oldest, oldest_abandoned: gone } = await pool.one(openHoldAges());
  const name = 'open holds';
  if (held === 0) return ok(name, 'none');
  const said = `${held}, the oldest for ${oldest} s; ${abandoned} of processes that are gone`;
  const isRunning = await runs(pool);
  if (gone > mostAbandonedSeconds && isRunning) {
    return failure(name, `${said}, for ${gone} s: no scheduler resolves them`);
  }
  if (abandoned > 0 && !isRunning) return warning(name, `${said}: the next start resolves them`);
  return oldest * 1_000 > totalMs + mostAbandonedSeconds * 1_000
    ? failure(name, `${said}: longer than any call may take`)
    : ok(name, said);
}

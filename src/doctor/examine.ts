import type { Logger } from 'pino';
import { eventStoreDbLog } from '../adapters/eventstore/eventstoredb.ts';
import { openPool } from '../adapters/postgres/pool.ts';
import type { Closers } from '../closers.ts';
import { closers } from '../closers.ts';
import type { Config } from '../config.ts';
import { isPrepared } from '../projections/installation.ts';
import type { Check } from './check.ts';
import { attempted, failure, ok } from './check.ts';
import { eventLogChecks, postgresChecks, restoreCheck, vaultCheck } from './engine-checks.ts';
import type { FoundEngines } from './engines.ts';
import { findEngines } from './engines.ts';
import { leaseCheck, openHoldCheck, policyCheck, projectionCheck } from './feed-checks.ts';
import { logChecks } from './log-checks.ts';

/** Looks at an installation, running or not, and changes nothing in it. */
export async function examine(config: Config, log: Logger): Promise<readonly Check[]> {
  const opened = closers();
  try {
    const engines = await findEngines(config, log);
    opened.add(engines.stop);
    return [
      ok('engines', engines.how),
      ...(await examineEngines(engines, { config, log, opened })),
    ];
  } finally {
    await opened.close();
  }
}

interface Parts {
  readonly config: Config;
  readonly log: Logger;
  readonly opened: Closers;
}

async function examineEngines(
  { databaseUrl, eventstoreUrl }: FoundEngines,
  { config, log, opened }: Parts,
): Promise<readonly Check[]> {
  const pool = await openPool(databaseUrl, { name: 'doctor', max: 2 });
  opened.add(() => pool.end());
  const stopping = new AbortController();
  const eventLog = eventStoreDbLog({ url: eventstoreUrl, log, signal: stopping.signal });
  opened.add(eventLog.close);
  opened.add(() => stopping.abort());
  const engines = [
    ...(await attempted('PostgreSQL', () => postgresChecks(pool))),
    ...(await attempted('event log', () => eventLogChecks(eventstoreUrl))),
  ];
  if (engines.some(({ name, status }) => isDown(name, status))) return engines;
  const restored = await attempted('restore', () => restoreCheck(databaseUrl));
  const found = [...engines, ...restored];
  // Nothing of a part can be judged as if it were the whole.
  if (restored.some(({ status }) => status === 'failure')) return found;
  const { prepared } = await pool.one(isPrepared());
  if (!prepared) {
    return [...found, failure('tables', 'there are none: the program was never started on them')];
  }
  const parts = { eventLog, pool };
  return [
    ...found,
    ...(await attempted('vault', () => vaultCheck(pool, config))),
    ...(await attempted('leases', () => leaseCheck(pool))),
    ...(await attempted('projections', () => projectionCheck(parts))),
    ...(await attempted('policies', () => policyCheck(parts))),
    ...(await attempted('open holds', () => openHoldCheck(pool, config.timeouts.totalMs))),
    ...(await attempted('log', () => logChecks(parts))),
  ];
}

const isDown = (name: string, status: Check['status']): boolean =>
  status === 'failure' && (name === 'PostgreSQL' || name === 'event log');

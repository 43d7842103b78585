import { access } from 'node:fs/promises';
import { join } from 'node:path';
import type { DatabasePool } from 'slonik';
import { logFacts } from '../adapters/eventstore/log-facts.ts';
import { connect } from '../adapters/postgres/connect.ts';
import { isUnfinished } from '../adapters/postgres/unfinished-restore.ts';
import { masterKey } from '../adapters/vault/master-key.ts';
import { keyCheck, secrets } from '../adapters/vault/secrets.ts';
import type { Config } from '../config.ts';
import { server } from '../projections/installation.ts';
import type { Check } from './check.ts';
import { failure, ok, warning } from './check.ts';

const mostSkewMs = 2_000;
const rounded = (ms: number): string => `${Math.round(ms)} ms`;

export async function postgresChecks(pool: DatabasePool): Promise<readonly Check[]> {
  // The first query also connects.
  await pool.one(server());
  const [from, since] = [Date.now(), performance.now()];
  const { version, ms } = await pool.one(server());
  const [to, tookMs] = [Date.now(), performance.now() - since];
  const off = Math.max(0, from - 1 - Number(ms), Number(ms) - to);
  return [
    ok('PostgreSQL', `${version}, answers in ${rounded(tookMs)}`),
    clock('clock: PostgreSQL', off, 'apart from this machine'),
  ];
}

export async function eventLogChecks(url: string): Promise<readonly Check[]> {
  const { version, answerMs, skewMs } = await logFacts(url);
  const answers = ok('event log', `protocol ${version}, answers in ${rounded(answerMs)}`);
  if (skewMs === null) return [answers, ok('clock: event log', 'there are no events to tell by')];
  return [answers, clock('clock: event log', Math.abs(skewMs), 'apart from the newest events')];
}

const clock = (name: string, offMs: number, than: string): Check => {
  const detail = `${rounded(offMs)} ${than}`;
  return offMs < mostSkewMs ? ok(name, detail) : failure(name, `${detail}: set the clocks`);
};

/** What a restore has not brought to its end holds a part of a backup, and looks whole. */
export async function restoreCheck(databaseUrl: string): Promise<Check> {
  const client = await connect(databaseUrl, { name: 'doctor' });
  try {
    return (await isUnfinished(client))
      ? failure('restore', 'one runs, or broke off: `npm run restore` begins it anew')
      : ok('restore', 'none is unfinished');
  } finally {
    await client.end();
  }
}

/** Whether what is in the vault can be opened with this master key. */
export async function vaultCheck(pool: DatabasePool, config: Config): Promise<Check> {
  const file = join(config.dataDir, 'master.key');
  const isThere = await access(file).then(
    () => true,
    () => false,
  );
  if (!config.masterKey && !isThere) {
    return failure('vault', `${file} is gone, and MASTER_KEY is not set`);
  }
  const key = await masterKey(config.dataDir, config.masterKey);
  const known = await secrets(pool, key).kept(keyCheck);
  return known ? ok('vault', 'opens with this master key') : warning('vault', 'nothing is in it');
}

import type pg from 'pg';
import type { Logger } from 'pino';
import { isEmptyLog } from '../adapters/eventstore/embedded/whole-log.ts';
import { eventStoreDbLog } from '../adapters/eventstore/eventstoredb.ts';
import { isUnfinished, ownSchemas } from '../adapters/postgres/unfinished-restore.ts';
import type { Config } from '../config.ts';
import type { Header } from './format.ts';

/** What a restore would overwrite, or what it needs and is not there. */
export class TargetUnusable extends Error {
  override readonly name = 'TargetUnusable';
}

export interface TargetParts {
  readonly config: Config;
  readonly header: Header;
  readonly logUrl: string | undefined;
  readonly log: Logger;
}

/** Throws `TargetUnusable` unless nothing is there, or what a restore left that did not end. */
export async function refuseTarget(client: pg.ClientBase, parts: TargetParts): Promise<void> {
  const { config, header, logUrl, log } = parts;
  if (!logUrl) await refuseShorterLog(config.eventstoreUrl ?? '', header, log);
  if (await isUnfinished(client)) return;
  await refuseOthers(client);
  const where = config.databaseUrl ? 'The database' : config.dataDir;
  for (const table of ['vault.secrets', 'vault.member_keys', 'journal.calls']) {
    if (await hasRows(client, table)) {
      throw new TargetUnusable(
        `${where} holds an installation already. A restore needs an empty one: give it another ` +
          'DATA_DIR (or database), or move what is there away.',
      );
    }
  }
  if (logUrl && !(await isEmptyLog(logUrl))) {
    throw new TargetUnusable(`${where} holds an event log already. A restore needs an empty one.`);
  }
}

/** A restore removes these schemas with all that is in them. */
async function refuseOthers(client: pg.ClientBase): Promise<void> {
  if (await isThere(client, 'feed.migrations')) return;
  const { rows } = await client.query<{ name: string }>(
    `SELECT DISTINCT relnamespace::regnamespace::text AS name FROM pg_class
     WHERE relnamespace::regnamespace::text = ANY ($1) ORDER BY name`,
    [ownSchemas],
  );
  if (rows.length === 0) return;
  const names = rows.map(({ name }) => name).join(', ');
  throw new TargetUnusable(
    `The database has schemas that this program would use and has not made: ${names}. A restore needs ` +
      'a database of its own.',
  );
}

async function hasRows(client: pg.ClientBase, table: string): Promise<boolean> {
  if (!(await isThere(client, table))) return false;
  const { rowCount } = await client.query(`SELECT FROM ${table} LIMIT 1`);
  return rowCount !== 0;
}

async function isThere(client: pg.ClientBase, table: string): Promise<boolean> {
  const { rows } = await client.query<{ there: boolean }>(
    'SELECT to_regclass($1) IS NOT NULL AS there',
    [table],
  );
  return rows[0]?.there === true;
}

/** The policies stand at events that a shorter log doesn't have yet, and would pass over the next ones. */
async function refuseShorterLog(url: string, { position }: Header, log: Logger): Promise<void> {
  const stopping = new AbortController();
  const eventLog = eventStoreDbLog({ url, log, signal: stopping.signal });
  try {
    const head = await eventLog.head();
    if (position === null || (head !== null && head >= BigInt(position))) return;
    throw new TargetUnusable(
      `The log ends at ${head ?? 'its beginning'}, and the backup was made at ${position}: restore ` +
        'the EventStoreDB up to there first.',
    );
  } finally {
    stopping.abort();
    await eventLog.close();
  }
}

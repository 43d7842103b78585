import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type pg from 'pg';
import type { Logger } from 'pino';
import { z } from 'zod';
import { endOfLog, readWholeLog } from '../adapters/eventstore/embedded/whole-log.ts';
import { eventStoreDbLog } from '../adapters/eventstore/eventstoredb.ts';
import { hasCode } from '../adapters/files/has-code.ts';
import { connect } from '../adapters/postgres/connect.ts';
import { isUnfinished, UnfinishedRestore } from '../adapters/postgres/unfinished-restore.ts';
import { closers } from '../closers.ts';
import type { Config } from '../config.ts';
import { findEngines } from '../doctor/engines.ts';
import type { Progress } from '../progress.ts';
import { written } from './events.ts';
import type { Header } from './format.ts';
import { formatName, formatVersion, Row, tableNames } from './format.ts';
import { embeddedLogUrl } from './log-url.ts';
import type { Content } from './read-backup.ts';
import { countRows, readRows } from './rows.ts';
import { FileExists, writeBackup } from './write-backup.ts';

export interface WorkParts {
  readonly log: Logger;
  readonly progress: Progress;
}

export interface Made {
  readonly path: string;
  readonly header: Header;
}

/**
 * Backs up an installation, running or not, at one position of its log. What is read when is argued in
 * ops/decisions/0012: the policies' places, then the log's end, then vault and journal.
 */
export async function backup(
  config: Config,
  to: string,
  { log, progress }: WorkParts,
): Promise<Made> {
  const madeAt = new Date().toISOString();
  const path = await fileFor(to, madeAt);
  const opened = closers();
  try {
    const engines = await findEngines(config, log);
    opened.add(engines.stop);
    progress.say(`Backing up the engines ${engines.how}.`);
    const client = await connect(engines.databaseUrl, { name: 'backup' });
    opened.add(() => client.end());
    if (await isUnfinished(client)) throw new UnfinishedRestore();
    const policies = await policyPlaces(client);
    const logUrl = embeddedLogUrl(config, engines.databaseUrl);
    const position = logUrl
      ? shown(await endOfLog(logUrl))
      : await headOf(engines.eventstoreUrl, log);
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    const header: Header = {
      ...{ format: formatName, version: formatVersion, madeAt, position },
      log: logUrl ? 'inside' : 'outside',
      migrations: [...(await migrationsOf(client))],
      rows: { ...(await countRows(client)), 'feed.positions': policies.length },
      events: logUrl && position !== null ? Number(position) + 1 : 0,
    };
    await writeBackup(path, header, contents({ header, client, policies, logUrl, progress }));
    progress.end();
    return { path, header };
  } finally {
    progress.end();
    await opened.close();
  }
}

async function fileFor(to: string, madeAt: string): Promise<string> {
  const found = await stat(to).catch((error: unknown) => {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  });
  if (found && !found.isDirectory()) {
    throw new FileExists(`${to} is there already, and stays as it is.`);
  }
  return found ? join(to, `llm-member-${madeAt.replaceAll(/[:.]/g, '-')}.backup`) : to;
}

const shown = (last: number): string | null => (last < 0 ? null : String(last));

async function headOf(url: string, log: Logger): Promise<string | null> {
  const stopping = new AbortController();
  const eventLog = eventStoreDbLog({ url, log, signal: stopping.signal });
  try {
    return (await eventLog.head())?.toString() ?? null;
  } finally {
    stopping.abort();
    await eventLog.close();
  }
}

const Rows = z.array(z.object({ row: Row }));

async function policyPlaces(client: pg.ClientBase): Promise<readonly Row[]> {
  const { rows } = await client.query(
    `SELECT to_jsonb(p) AS row FROM feed.positions AS p
     WHERE consumer = 'policies' ORDER BY partition`,
  );
  return Rows.parse(rows).map(({ row }) => row);
}

async function migrationsOf(client: pg.ClientBase): Promise<readonly string[]> {
  const { rows } = await client.query<{ name: string }>(
    'SELECT name FROM feed.migrations ORDER BY name',
  );
  return rows.map(({ name }) => name);
}

interface Source {
  readonly header: Header;
  /** In the snapshot that the rows are read from; what is read of the log is of all times. */
  readonly client: pg.ClientBase;
  readonly policies: readonly Row[];
  readonly logUrl: string | undefined;
  readonly progress: Progress;
}

async function* contents(source: Source): AsyncGenerator<Content> {
  const { header, client, policies, logUrl, progress } = source;
  const counts = Object.values(header.rows);
  progress.begin(
    'vault and journal',
    counts.reduce((sum, each) => sum + each, 0),
    'rows',
  );
  let done = 0;
  for (const name of tableNames) {
    const pages = name === 'feed.positions' ? [policies] : readRows(client, name);
    for await (const rows of pages) {
      yield ['rows', name, [...rows]];
      done += rows.length;
      progress.reached(done);
    }
  }
  // The rest of the log may take long, and a snapshot keeps the server from tidying up.
  await client.query('COMMIT');
  if (logUrl === undefined) return;
  progress.begin('log', header.events, 'events');
  for await (const events of readWholeLog(logUrl, header.events - 1)) {
    yield ['events', events.map(written)];
    progress.reached((events.at(-1)?.position ?? -1) + 1);
  }
}

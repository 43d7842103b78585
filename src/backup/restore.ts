import { access, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { writeWholeLog } from '../adapters/eventstore/embedded/whole-log.ts';
import { eventStoreDbLog } from '../adapters/eventstore/eventstoredb.ts';
import type { Log } from '../adapters/eventstore/log.ts';
import { connect } from '../adapters/postgres/connect.ts';
import { directFeed } from '../adapters/postgres/direct-feed.ts';
import { migrate } from '../adapters/postgres/migrate.ts';
import { projector } from '../adapters/postgres/project.ts';
import { prepareReadModels } from '../adapters/postgres/read-schema.ts';
import { beginRestore, endRestore } from '../adapters/postgres/unfinished-restore.ts';
import { MasterKeyUnusable, masterKey } from '../adapters/vault/master-key.ts';
import { checkMasterKey } from '../adapters/vault/secrets.ts';
import { closers } from '../closers.ts';
import type { Config } from '../config.ts';
import type { Check } from '../doctor/check.ts';
import { examine } from '../doctor/examine.ts';
import { startEngines } from '../engines.ts';
import type { Progress } from '../progress.ts';
import { projections } from '../projections/registry.ts';
import type { WorkParts } from './backup.ts';
import { checkBackup } from './check-backup.ts';
import { stored } from './events.ts';
import type { Header } from './format.ts';
import { BackupUnusable } from './format.ts';
import { embeddedLogUrl } from './log-url.ts';
import type { Backup } from './read-backup.ts';
import { readBackup } from './read-backup.ts';
import { insertRows } from './rows.ts';
import { restoreSkips } from './skips.ts';
import { refuseTarget } from './target.ts';

/**
 * Puts a backup into an empty installation, derives the read models, and says what the doctor finds.
 * Until the read models are there the program refuses to start on it, and a restore begins anew.
 */
export async function restore(
  config: Config,
  from: string,
  parts: WorkParts,
): Promise<readonly Check[]> {
  const { log, progress } = parts;
  const path = await fileOf(from);
  const file = await readBackup(path);
  progress.say(`Restoring ${path}, made at ${file.header.madeAt}.`);
  refuseKind(file.header, config);
  const { masterKeyCheck } = await checkBackup(file, progress);
  if (masterKeyCheck) await checkMasterKey(await keyOf(config), masterKeyCheck);
  try {
    await load(config, file, parts);
    await derive(config, parts);
  } finally {
    progress.end();
  }
  progress.say('Everything is restored; the doctor looks at it.');
  return examine(config, log);
}

/** Of a folder, its newest backup: their names tell when they were made. */
async function fileOf(from: string): Promise<string> {
  if (!(await stat(from)).isDirectory()) return from;
  const names = (await readdir(from)).filter((name) => /^llm-member-.*\.backup$/.test(name));
  const newest = names.sort().at(-1);
  if (!newest) throw new BackupUnusable(`There is no backup in ${from}.`);
  return join(from, newest);
}

function refuseKind({ log }: Header, { eventstoreUrl }: Config): void {
  if (log === 'inside' && eventstoreUrl) {
    throw new BackupUnusable(
      'This backup holds the log of an embedded event node, which can only be restored into another ' +
        'one: leave EVENTSTORE_URL unset.',
    );
  }
  if (log === 'outside' && !eventstoreUrl) {
    throw new BackupUnusable(
      'This backup does not hold the log, which was in an EventStoreDB: restore that by its own means ' +
        'first, and set EVENTSTORE_URL.',
    );
  }
}

/** The key must be there already: one made now would open nothing. */
async function keyOf({ dataDir, masterKey: given }: Config): Promise<Buffer> {
  const file = join(dataDir, 'master.key');
  if (!given) {
    await access(file).catch((cause: unknown) => {
      const message = `A backup does not hold the master key. Set MASTER_KEY, or put the file back as ${file} (mode 600).`;
      throw Object.assign(new MasterKeyUnusable(message), { cause });
    });
  }
  return masterKey(dataDir, given);
}

/** No event node runs meanwhile: it would hold the log's end in memory. */
async function load(config: Config, file: Backup, { log, progress }: WorkParts): Promise<void> {
  const opened = closers();
  try {
    const eventstoreUrl = config.eventstoreUrl ?? 'esdb://not-yet';
    const { databaseUrl, stop } = await startEngines({ ...config, eventstoreUrl, log });
    opened.add(stop);
    const client = await connect(databaseUrl, { name: 'restore' });
    opened.add(() => client.end());
    const logUrl = embeddedLogUrl(config, databaseUrl);
    await refuseTarget(client, { config, header: file.header, logUrl, log });
    await beginRestore(client);
    const here = await migrate(databaseUrl);
    const newer = file.header.migrations.filter((name) => !here.includes(name));
    if (newer.length > 0) {
      throw new BackupUnusable(
        `The backup was made by a newer release, with ${newer.join(', ')}: restore it with that one.`,
      );
    }
    await loadRows(client, file, progress);
    if (logUrl) await loadLog(logUrl, file, progress);
  } finally {
    await opened.close();
  }
}

async function loadRows(
  client: Awaited<ReturnType<typeof connect>>,
  { header, lines }: Backup,
  progress: Progress,
): Promise<void> {
  const total = Object.values(header.rows).reduce((sum, each) => sum + each, 0);
  progress.begin('loading vault and journal', total, 'rows');
  let done = 0;
  await client.query('BEGIN');
  for await (const line of lines()) {
    if (line[0] !== 'rows') break;
    await insertRows(client, line[1], line[2]);
    done += line[2].length;
    progress.reached(done);
  }
  // Readers of the topic ignore whoever has a lower epoch than they have seen: even one after the backup.
  await client.query('UPDATE feed.relay SET epoch = epoch + 1000000');
  await client.query('COMMIT');
  progress.end();
}

async function loadLog(logUrl: string, { header, lines }: Backup, progress: Progress) {
  progress.begin('loading the log', header.events, 'events');
  async function* pages() {
    let done = 0;
    for await (const line of lines()) {
      if (line[0] !== 'events') continue;
      yield line[1].map(stored);
      done += line[1].length;
      progress.reached(done);
    }
  }
  await writeWholeLog(logUrl, pages());
  progress.end();
}

/** As the program does, up to the log's end; then the installation is whole. */
async function derive(config: Config, { log, progress }: WorkParts): Promise<void> {
  const opened = closers();
  try {
    const { databaseUrl, eventstoreUrl, stop } = await startEngines({ ...config, log });
    opened.add(stop);
    await prepareReadModels(databaseUrl, projections);
    const client = await connect(databaseUrl, { name: 'restore' });
    opened.add(() => client.end());
    const stopping = new AbortController();
    const eventLog = eventStoreDbLog({ url: eventstoreUrl, log, signal: stopping.signal });
    opened.add(eventLog.close);
    opened.add(() => stopping.abort());
    await restoreSkips(client, projections, eventLog);
    await project({ databaseUrl, eventLog, log, progress });
    await endRestore(client);
  } finally {
    await opened.close();
  }
}

const askAgainMs = 100;
const patienceMs = 60_000;

interface ProjectParts extends WorkParts {
  readonly databaseUrl: string;
  readonly eventLog: Log;
}

async function project({ databaseUrl, eventLog, log, progress }: ProjectParts): Promise<void> {
  const models = projector({ databaseUrl, projections, log });
  const end = (await eventLog.head()) ?? 0n;
  progress.begin('deriving the read models', Number(end), 'positions');
  const feed = directFeed({ eventLog, projector: models, log });
  try {
    let failingSince: number | undefined;
    for (let state = feed.state(); !state.caughtUp && models.runs(); state = feed.state()) {
      progress.reached(Number(state.position ?? 0n));
      failingSince = state.failing === null ? undefined : (failingSince ?? performance.now());
      if (failingSince !== undefined && performance.now() - failingSince > patienceMs) {
        throw new Error(`The read models can't be derived: ${state.failing}`);
      }
      await sleep(askAgainMs);
    }
    progress.reached(Number(end));
    progress.end();
  } finally {
    await feed.close();
  }
}

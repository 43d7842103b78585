import { join } from 'node:path';
import type { Logger } from 'pino';
import { eventStoreDbLog } from './adapters/eventstore/eventstoredb.ts';
import { tracedLog } from './adapters/eventstore/traced-log.ts';
import type { FixedUpstream } from './adapters/llm/live-upstreams.ts';
import { liveUpstreams } from './adapters/llm/live-upstreams.ts';
import { upstreamOpener } from './adapters/llm/open-upstream.ts';
import { sandboxUpstream } from './adapters/llm/sandbox.ts';
import { upstreamKinds } from './adapters/llm/upstream-kinds.ts';
import { fileMail } from './adapters/mail/file-mail.ts';
import type { Mailer } from './adapters/mail/mailer.ts';
import { smtpMail } from './adapters/mail/smtp-mail.ts';
import { callJournal } from './adapters/postgres/journal.ts';
import { processLease } from './adapters/postgres/lease.ts';
import { migrate } from './adapters/postgres/migrate.ts';
import { openPool } from './adapters/postgres/pool.ts';
import { prepareReadModels } from './adapters/postgres/read-schema.ts';
import { refuseUnfinishedRestore } from './adapters/postgres/unfinished-restore.ts';
import { masterKey } from './adapters/vault/master-key.ts';
import { upstreamKeys } from './adapters/vault/upstream-keys.ts';
import { openVault } from './adapters/vault/vault.ts';
import type { Closers } from './closers.ts';
import type { Config } from './config.ts';
import type { Engines } from './engines.ts';
import { projections } from './projections/registry.ts';

export interface PortParts {
  readonly config: Config;
  readonly engines: Engines;
  readonly log: Logger;
  readonly clock: () => Date;
  readonly started: Closers;
}

/** Everything that this process talks to, opened. */
export type Ports = Awaited<ReturnType<typeof openPorts>>;

export async function openPorts({ config, engines, log, clock, started }: PortParts) {
  const { databaseUrl } = engines;
  await refuseUnfinishedRestore(databaseUrl);
  await migrate(databaseUrl);
  await prepareReadModels(databaseUrl, projections);
  const pool = await openPool(databaseUrl);
  started.add(() => pool.end());
  const vault = await openVault({
    pool,
    masterKey: await masterKey(config.dataDir, config.masterKey),
  });
  const stopping = new AbortController();
  const bareLog = eventStoreDbLog({ url: engines.eventstoreUrl, log, signal: stopping.signal });
  const eventLog = config.tracing ? tracedLog(bareLog) : bareLog;
  started.add(eventLog.close);
  const wholeLog = eventStoreDbLog({
    ...{ url: engines.eventstoreUrl, log, signal: stopping.signal, wideWindow: true },
  });
  started.add(wholeLog.close);
  started.add(() => stopping.abort());
  const lease = processLease({ databaseUrl, log, clock });
  started.add(lease.close);
  const journalPool = await openPool(databaseUrl, { max: 2, name: 'journal' });
  started.add(() => journalPool.end());
  const journal = callJournal({ pool: journalPool, log });
  started.add(journal.close);
  const mailer = openMail(config, clock, started);
  const providerKeys = upstreamKeys(vault);
  const upstreams = openUpstreams(config, { keyOf: providerKeys.keyOf, log });
  started.add(upstreams.close);
  return {
    ...{ databaseUrl, pool, vault, eventLog, wholeLog, lease, journal, mailer, log, clock },
    ...{ providerKeys, upstreams },
  };
}

function openMail({ mailUrl, mailFrom, dataDir }: Config, clock: () => Date, started: Closers) {
  if (!mailUrl) return fileMail({ folder: join(dataDir, 'mail'), from: mailFrom, clock });
  const mailer: Mailer & { close(): void } = smtpMail({ url: mailUrl, from: mailFrom });
  started.add(mailer.close);
  return mailer;
}

/** The providers that the environment names, the sandbox, and room for those that administrators set up. */
function openUpstreams(
  { providers, timeouts, allowsLinkLocal, circuitOpenMs }: Config,
  parts: Pick<Parameters<typeof liveUpstreams>[0], 'keyOf'> & Pick<PortParts, 'log'>,
) {
  const fixed = providers.map(({ id, kind, apiKey, baseUrl }): FixedUpstream => {
    const place = baseUrl ?? upstreamKinds[kind].baseUrl;
    if (place === undefined) throw new Error(`The upstream ${id} is nowhere.`);
    return { id, kind, apiKey, baseUrl: place };
  });
  const nowMs = () => performance.now();
  const { log } = parts;
  const open = upstreamOpener({ timeouts, allowsLinkLocal, nowMs, circuitOpenMs, log });
  return liveUpstreams({ ...parts, fixed, builtIn: sandboxUpstream(), open });
}

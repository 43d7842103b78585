import { join } from 'node:path';
import type { Logger } from 'pino';
import { eventStoreDbLog } from './adapters/eventstore/eventstoredb.ts';
import { tracedLog } from './adapters/eventstore/traced-log.ts';
import { anthropicUpstream } from './adapters/llm/anthropic.ts';
import { geminiUpstream } from './adapters/llm/gemini.ts';
import type { ProviderOptions } from './adapters/llm/http-upstream.ts';
import { openAiUpstream } from './adapters/llm/openai.ts';
import { sandboxUpstream } from './adapters/llm/sandbox.ts';
import type { Upstream } from './adapters/llm/upstream.ts';
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
  started.add(() => stopping.abort());
  const lease = processLease({ databaseUrl, log, clock });
  started.add(lease.close);
  const journalPool = await openPool(databaseUrl, { max: 2, name: 'journal' });
  started.add(() => journalPool.end());
  const journal = callJournal({ pool: journalPool, log });
  started.add(journal.close);
  const mailer = openMail(config, clock, started);
  const upstreams = openUpstreams(config, started);
  return { databaseUrl, pool, vault, eventLog, lease, journal, mailer, upstreams, log, clock };
}

function openMail({ mailUrl, mailFrom, dataDir }: Config, clock: () => Date, started: Closers) {
  if (!mailUrl) return fileMail({ folder: join(dataDir, 'mail'), from: mailFrom, clock });
  const mailer: Mailer & { close(): void } = smtpMail({ url: mailUrl, from: mailFrom });
  started.add(mailer.close);
  return mailer;
}

/** The providers that the environment names, and the sandbox, by what routes call them. */
function openUpstreams(
  { providers, timeouts }: Config,
  started: Closers,
): ReadonlyMap<string, Upstream> {
  const opened = providers.map((provider) => {
    const upstream = openProvider({ ...provider, timeouts });
    started.add(upstream.close);
    return upstream;
  });
  const all: readonly Upstream[] = [...opened, sandboxUpstream()];
  return new Map(all.map((each) => [each.id, each]));
}

function openProvider(options: ProviderOptions): Upstream & { close(): Promise<void> } {
  if (options.id === 'anthropic') return anthropicUpstream(options);
  if (options.id === 'gemini') return geminiUpstream(options);
  // OpenAI's newer models refuse the old name of the limit; many servers like it know no other.
  const outputLimit = options.id === 'openai' ? 'max_completion_tokens' : 'max_tokens';
  return openAiUpstream({ ...options, outputLimit });
}

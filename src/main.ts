import { once } from 'node:events';
import type { Logger } from 'pino';
import { pino } from 'pino';
import { openDataDir } from './adapters/files/data-dir.ts';
import { banner, operationsBanner } from './banner.ts';
import type { Closers } from './closers.ts';
import { closers } from './closers.ts';
import type { Config } from './config.ts';
import { readConfig } from './config.ts';
import { startEngines } from './engines.ts';
import { startProgram } from './program.ts';
import type { Served } from './serve.ts';

/** Repeated signals of one Ctrl-C (the terminal's and npm's) count as one. */
const sameSignalMs = 1_000;
const lingeringMs = 2_000;

/** Faults that whoever starts the program can mend: told without a stack. */
const plain: readonly string[] = [
  'ConfigError',
  'DataDirInUse',
  'MasterKeyUnusable',
  'PortUnusable',
  'UnfinishedRestore',
  'WrongMasterKey',
];

const say = (text: string) => process.stdout.write(text);

try {
  await main(readConfig());
} catch (error) {
  process.stderr.write(`${error instanceof Error ? messageOf(error) : String(error)}\n`);
  process.exitCode = 1;
}

/** config → engines → ports → feed, API → the signal that ends it → the same backwards. */
async function main(config: Config): Promise<void> {
  const log = pino({ level: config.logLevel });
  const started = closers();
  const ending = new AbortController();
  onSignal(
    () => ending.abort(),
    () => process.exit(1),
  );
  try {
    const dataDir = await openDataDir(config.dataDir);
    await run({ ...config, dataDir }, { log, started, signal: ending.signal });
  } catch (error) {
    if (!ending.signal.aborted) throw error;
  } finally {
    log.info('stopping');
    await started.close();
    log.info('stopped');
    // A library may still wait for an answer that nobody needs.
    setTimeout(() => process.exit(), lingeringMs).unref();
  }
}

interface Parts {
  readonly log: Logger;
  readonly started: Closers;
  /** Aborts when the process is to end. */
  readonly signal: AbortSignal;
}

async function run(config: Config, { log, started, signal }: Parts): Promise<void> {
  const { dataDir, databaseUrl, eventstoreUrl } = config;
  const ending = once(signal, 'abort');
  const engines = await startEngines({ dataDir, databaseUrl, eventstoreUrl, log, signal });
  started.add(engines.stop);
  if ([...config.roles].every((role) => role === 'engines')) {
    say(
      '# For other processes, together with one MASTER_KEY (openssl rand -base64 32):\n' +
        `DATABASE_URL=${engines.databaseUrl}\nEVENTSTORE_URL=${engines.eventstoreUrl}\n`,
    );
  } else {
    signal.throwIfAborted();
    const clock = () => new Date();
    const starting = startProgram({ config, engines, log, clock, started });
    // A start that waits for an engine is given up when it is told to stop; it fails by itself then.
    starting.catch(() => undefined);
    await Promise.race([starting.then((served) => tell(served, config)), ending]);
  }
  await ending;
}

function tell({ url, setUp }: Served, { admin, roles }: Config): void {
  say(setUp ? banner(url, setUp, admin?.email) : operationsBanner(url, [...roles]));
}

function onSignal(first: () => void, again: () => void): void {
  let at: number | undefined;
  const take = () => {
    const now = performance.now();
    if (at === undefined) {
      at = now;
      first();
    } else if (now - at > sameSignalMs) again();
  };
  process.on('SIGTERM', take).on('SIGINT', take);
}

function messageOf(error: Error): string {
  return plain.includes(error.name) ? error.message : (error.stack ?? error.message);
}

import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Kafka as KafkaClient, logLevel } from 'kafkajs';
import type { Logger } from 'pino';
import { pino } from 'pino';
import type { Claim } from '../../src/adapters/files/data-dir.ts';
import { claimDataDir, DataDirInUse, openDataDir } from '../../src/adapters/files/data-dir.ts';
import { freePort, isPortFree } from '../../src/adapters/files/steady-port.ts';
import { slowStep } from '../../src/adapters/slow-step.ts';
import { kafkaJars } from './jars.ts';
import type { JavaServer } from './java-server.ts';
import { commandNotFound, startJavaServer } from './java-server.ts';
import { missingTool, runJavaTool } from './java-tool.ts';
import { serverProperties } from './server-properties.ts';

const startTimeoutMs = 120_000;
const portPatienceMs = 5_000;
const tailLines = 40;
const datedLines = [
  '-Dorg.slf4j.simpleLogger.showDateTime=true',
  "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSXXX",
];

export interface KafkaOptions {
  /** The broker's data, its settings and its log. One broker at a time runs on it. */
  readonly dir: string;
  /** A free one unless given; 0 too. */
  readonly port?: number;
  /** Where the jars are kept; `data/kafka/libs` of this project unless given. */
  readonly libs?: string;
  readonly log?: Logger;
}

export interface Kafka {
  /** For `KAFKA_BROKERS`: host and port. */
  readonly brokers: string;
  readonly port: number;
  /** Of the process that runs now, or ran last. */
  readonly pid: number;
  /** Resolves when that process is gone, for whatever reason. */
  readonly exited: Promise<void>;
  /** `kill -9`. */
  kill(): Promise<void>;
  /** SIGTERM, and SIGKILL when that takes too long. */
  stop(): Promise<void>;
  /** Again on the same data and the same port. */
  start(): Promise<void>;
}

/**
 * Starts a Kafka of one node on this machine and resolves when it answers; otherwise it throws with the end of the
 * broker's log. It ends when this process does.
 */
export async function startKafka({ log = silent, ...options }: KafkaOptions): Promise<Kafka> {
  const jars = await kafkaJars(log, options.libs);
  const dir = await openDataDir(options.dir);
  const port = options.port ? options.port : await freePort();
  const site = { dir, port, brokers: `127.0.0.1:${port}`, classpath: join(jars, '*'), log };
  let broker = await launch(site);
  return {
    brokers: site.brokers,
    port,
    get pid() {
      return broker.server.pid;
    },
    get exited() {
      return broker.gone;
    },
    async kill() {
      await broker.server.kill();
      await broker.gone;
    },
    async stop() {
      await broker.server.stop();
      await broker.gone;
    },
    async start() {
      broker = await launch(site);
    },
  };
}

const silent = pino({ level: 'silent' });

interface Site {
  readonly dir: string;
  readonly port: number;
  readonly brokers: string;
  readonly classpath: string;
  readonly log: Logger;
}

interface Broker {
  readonly server: JavaServer;
  /** Resolves when the process is gone and the folder is free again. */
  readonly gone: Promise<void>;
}

async function launch(site: Site): Promise<Broker> {
  const claim = await claimFor(site);
  let server: JavaServer;
  try {
    server = await startServer(site);
  } catch (error) {
    await claim.release();
    throw error;
  }
  const gone = server.exited.then(claim.release);
  try {
    await slowStep(site.log, `starting Kafka on port ${site.port}`, () => answer(site, server));
  } catch (error) {
    await server.kill();
    await gone;
    throw error;
  }
  site.log.info({ pid: server.pid, port: site.port }, 'Kafka is up');
  return { server, gone };
}

async function claimFor({ dir, brokers }: Site): Promise<Claim> {
  try {
    return await claimDataDir(dir, brokers);
  } catch (cause) {
    if (!(cause instanceof DataDirInUse)) throw cause;
    const { pid, url = 'some port' } = cause.owner;
    throw new Error(`Process ${pid} already runs a Kafka on ${dir}, at ${url}.`, { cause });
  }
}

async function startServer({ dir, port, classpath }: Site): Promise<JavaServer> {
  await untilFree(port);
  const settings = serverProperties({ port, controllerPort: await freePort() });
  await writeFile(join(dir, 'server.properties'), settings);
  const java = ['-Xmx256m', '-XX:+ExitOnOutOfMemoryError', '-cp', classpath];
  // Written last, so that a format that was cut short is done again.
  if (!existsSync(join(dir, 'log', 'meta.properties'))) {
    const clusterId = `--cluster-id=${randomBytes(16).toString('base64url')}`;
    const format = ['kafka.tools.StorageTool', 'format', '-c', 'server.properties', clusterId];
    await runJavaTool('java', [...java, ...format], dir);
  }
  const logFile = logOf(dir);
  if (existsSync(logFile)) await rename(logFile, join(dir, 'broker.previous.log'));
  const args = [...datedLines, ...java, 'kafka.Kafka', 'server.properties'];
  return startJavaServer(args, dir, logFile);
}

const logOf = (dir: string) => join(dir, 'broker.log');

/** A broker whose process was killed a moment ago may still be on its way out. */
async function untilFree(port: number): Promise<void> {
  const deadline = performance.now() + portPatienceMs;
  while (!(await isPortFree(port))) {
    if (performance.now() > deadline) throw new Error(`Port ${port} is taken.`);
    await sleep(100);
  }
}

async function answer({ dir, brokers }: Site, server: JavaServer): Promise<void> {
  let code: number | null | undefined;
  void server.exited.then((exit) => {
    code = exit;
  });
  const deadline = performance.now() + startTimeoutMs;
  while (!(await answers(brokers))) {
    if (code === commandNotFound) throw new Error(missingTool('java'));
    if (code !== undefined) throw new Error(`Kafka ended as it started.${await tailOf(dir)}`);
    if (performance.now() > deadline) {
      throw new Error(`Kafka gave no answer within ${startTimeoutMs} ms.${await tailOf(dir)}`);
    }
    await sleep(100);
  }
}

async function answers(address: string): Promise<boolean> {
  const client = new KafkaClient({
    brokers: [address],
    logLevel: logLevel.NOTHING,
    connectionTimeout: 1_000,
    requestTimeout: 5_000,
    retry: { retries: 0 },
  });
  const admin = client.admin();
  try {
    await admin.connect();
    // A broker that is not let in yet answers too, and leaves itself out.
    return (await admin.describeCluster()).brokers.length > 0;
  } catch {
    return false;
  } finally {
    await admin.disconnect();
  }
}

async function tailOf(dir: string): Promise<string> {
  const lines = (await readFile(logOf(dir), 'utf8')).trimEnd().split('\n');
  return ` The end of ${logOf(dir)}:\n${lines.slice(-tailLines).join('\n')}`;
}

import { createHash, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Claim } from '../../src/adapters/files/data-dir.ts';
import { claimDataDir, DataDirInUse } from '../../src/adapters/files/data-dir.ts';
import { slowStep } from '../../src/adapters/slow-step.ts';
import { runJavaTool } from './java-tool.ts';

const pom = join(import.meta.dirname, 'pom.xml');
const projectCache = join(import.meta.dirname, '../../data/kafka/libs');

/**
 * Kafka's jars as `pom.xml` lists them, in a folder below the cache that is named after the pom. Whoever comes first
 * fetches them, in this process or another; the others wait, and a folder is there with all of them or not at all.
 */
export async function kafkaJars(log: Logger, cache: string = projectCache): Promise<string> {
  const digest = createHash('sha256').update(await readFile(pom));
  const jars = join(resolve(cache), digest.digest('hex').slice(0, 12));
  if (existsSync(jars)) return jars;
  await mkdir(cache, { recursive: true });
  const claim = await turnOn(cache);
  try {
    if (!existsSync(jars)) await slowStep(log, 'fetching Kafka’s jars', () => fetchInto(jars));
  } finally {
    await claim.release();
  }
  return jars;
}

async function fetchInto(jars: string): Promise<void> {
  const draft = `${jars}.${randomUUID()}`;
  try {
    const goal = ['dependency:copy-dependencies', '-DincludeScope=runtime'];
    const options = ['--quiet', '--batch-mode', '--strict-checksums', '--file', pom];
    await runJavaTool('mvn', [...options, ...goal, `-DoutputDirectory=${draft}`], '.');
    await rename(draft, jars);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

async function turnOn(cache: string): Promise<Claim> {
  for (;;) {
    try {
      return await claimDataDir(cache);
    } catch (error) {
      if (!(error instanceof DataDirInUse)) throw error;
      await sleep(100);
    }
  }
}

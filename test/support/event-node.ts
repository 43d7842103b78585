import { pino } from 'pino';
import { spawnEventNode } from '../../src/adapters/eventstore/embedded/spawn.ts';
import { freePort } from '../../src/adapters/files/steady-port.ts';
import { env } from './env.ts';
import { testDatabase } from './postgres.ts';

interface Scope {
  teardown(end: () => Promise<void>): void;
}

/** The URL of an event log for the given test: `EVENTSTORE_URL`, or an embedded node with an empty log of its own. */
export async function testEventNode(t: Scope): Promise<string> {
  if (env.eventstoreUrl !== undefined) {
    return env.eventstoreUrl;
  }
  const databaseUrl = await testDatabase(t);
  const node = await spawnEventNode({
    databaseUrl,
    port: await freePort(),
    log: pino({ level: 'silent' }),
  });
  t.teardown(() => node.stop());
  return node.url;
}

import { EventStoreDBClient } from '@eventstore/db-client';
import test from 'ava';
import { testEventNode } from '../../support/event-node.ts';

let started: EventStoreDBClient | undefined;
const ends: (() => Promise<void>)[] = [];

test.before('the event log is started', async () => {
  const url = await testEventNode({ teardown: (end) => void ends.unshift(end) });
  started = EventStoreDBClient.connectionString(url);
});

test.after.always('the event log ends', async () => {
  await started?.dispose();
  for (const end of ends) await end();
});

/** The client of the log that the contract is checked against. */
export function client(): EventStoreDBClient {
  if (started === undefined) throw new Error('The event log did not start.');
  return started;
}

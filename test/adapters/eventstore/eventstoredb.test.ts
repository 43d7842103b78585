import type { ExecutionContext } from 'ava';
import test from 'ava';
import { pino } from 'pino';
import { eventStoreDbLog } from '../../../src/adapters/eventstore/eventstoredb.ts';
import { testEventNode } from '../../support/event-node.ts';
import { logContract } from './log.contract.ts';

const ended: (() => Promise<void>)[] = [];
const file = { teardown: (end: () => Promise<void>) => void ended.unshift(end) };
test.after.always('the node of this file ends', async () => {
  for (const end of ended) await end();
});

// One log for all tests of the contract, as several clients would share it.
const shared = testEventNode(file);

logContract(test, async (t: ExecutionContext) => {
  const stop = new AbortController();
  const parts = { url: await shared, log: pino({ level: 'silent' }), signal: stop.signal };
  const log = eventStoreDbLog(parts);
  t.teardown(() => log.close());
  return log;
});

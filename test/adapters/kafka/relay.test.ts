import test from 'ava';
import { pino } from 'pino';
import { relay } from '../../../src/adapters/kafka/relay.ts';
import { migrate } from '../../../src/adapters/postgres/migrate.ts';
import { eventually } from '../../support/eventually.ts';
import { memoryLog } from '../../support/memory-log.ts';
import { testDatabase } from '../../support/postgres.ts';

test('whatever next keeps a relay from going on is logged, once each', async (t) => {
  const databaseUrl = await testDatabase(t);
  const lines: string[] = [];
  const relaying = relay({
    // Nothing listens there.
    kafka: { brokers: ['127.0.0.1:1'], ssl: false, sasl: undefined, topicPrefix: '' },
    databaseUrl,
    eventLog: memoryLog(),
    log: pino({ level: 'warn' }, { write: (line) => void lines.push(line) }),
  });
  t.teardown(relaying.close);
  const failing = (reason: RegExp) => eventually(() => reason.test(relaying.state().failing ?? ''));
  await failing(/"feed.relay" does not exist/);
  await migrate(databaseUrl);
  await failing(/ECONNREFUSED/);
  t.is(lines.length, 2, lines.join(''));
  t.regex(lines[1] ?? '', /ECONNREFUSED/);
});

import { pino } from 'pino';
import { eventStoreDbLog } from '../../src/adapters/eventstore/eventstoredb.ts';
import { relay } from '../../src/adapters/kafka/relay.ts';

const [brokers = '', topicPrefix = '', databaseUrl = '', url = ''] = process.argv.slice(2);

const log = pino({ level: 'silent' });
const { signal } = new AbortController();
const running = relay({
  kafka: { brokers: [brokers], ssl: false, sasl: undefined, topicPrefix },
  databaseUrl,
  eventLog: eventStoreDbLog({ url, log, signal }),
  log,
});
// Says when it relays; stays until it is killed.
let said = false;
setInterval(() => {
  if (running.state().active && !said) process.stdout.write('active\n');
  said = running.state().active;
}, 50);

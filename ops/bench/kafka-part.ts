import { pino } from 'pino';
import { z } from 'zod';
import { eventStoreDbLog } from '../../src/adapters/eventstore/eventstoredb.ts';
import { kafkaFeed } from '../../src/adapters/kafka/kafka-feed.ts';
import { relay } from '../../src/adapters/kafka/relay.ts';
import { projector } from '../../src/adapters/postgres/project.ts';
import { projections } from '../../src/projections/registry.ts';

/**
 * The relay, or one group of read models behind Kafka, in a process of its own, as it is deployed. Says
 * `ready` once it takes part; ends when its parent lets go of it.
 */
const Part = z.object({
  part: z.enum(['relay', 'finance', 'analytics']),
  brokers: z.string(),
  topicPrefix: z.string(),
  databaseUrl: z.string(),
  logUrl: z.string(),
});
export type Part = z.infer<typeof Part>;

const { part, brokers, topicPrefix, databaseUrl, logUrl } = Part.parse(
  JSON.parse(process.argv[2] ?? ''),
);
const log = pino({ level: 'silent' });
const stopping = new AbortController();
const eventLog = eventStoreDbLog({ url: logUrl, log, signal: stopping.signal });
const released = Promise.withResolvers<void>();
const parts = {
  ...{ kafka: { brokers: [brokers], ssl: false, sasl: undefined, topicPrefix }, databaseUrl, log },
};
const { isReady, close } = part === 'relay' ? relayed() : consumed(part);

process.on('message', () => released.resolve());
process.on('disconnect', () => void leave());
const waiting = setInterval(() => {
  if (!isReady()) return;
  clearInterval(waiting);
  process.send?.('ready');
}, 50);

/** Is given nothing of the log before it is told to go. */
function relayed() {
  async function* whenReleased(start: Parameters<typeof eventLog.subscribe>[0]) {
    await released.promise;
    yield* eventLog.subscribe(start);
  }
  const { state, close } = relay({
    ...parts,
    eventLog: { head: async () => null, subscribe: whenReleased },
  });
  return { isReady: () => state().active, close };
}

/** Knows of no end of the log, so that all of it comes through Kafka. */
function consumed(group: 'finance' | 'analytics') {
  const { state, close } = kafkaFeed({
    ...parts,
    eventLog: { ...eventLog, head: async () => null },
    group: `${topicPrefix}${group}`,
    projector: projector({
      databaseUrl,
      projections: projections.filter((each) => each.group === group),
      log,
    }),
  });
  return { isReady: () => state().caughtUp, close };
}

async function leave(): Promise<void> {
  await close();
  stopping.abort();
  await eventLog.close();
  process.exit();
}

import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { pino } from 'pino';
import { reasonOf } from '../../src/adapters/reason-of.ts';
import { startKafka } from './broker.ts';

/** `npm run kafka`: a Kafka in the foreground, on data that stays, until Ctrl-C or SIGTERM. */
const log = pino({ level: 'info' }, pino.destination({ dest: 2, sync: true }));

try {
  const { values } = parseArgs({
    options: {
      port: { type: 'string', default: '9092' },
      dir: { type: 'string', default: join(import.meta.dirname, '../../data/kafka') },
    },
  });
  const port = Number(values.port);
  if (!Number.isInteger(port)) throw new Error(`${values.port} is not a port.`);
  const kafka = await startKafka({ dir: values.dir, port, log });
  process.stdout.write(`KAFKA_BROKERS=${kafka.brokers}\n`);
  let asked = false;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      asked = true;
      void kafka.stop();
    });
  }
  await kafka.exited;
  if (!asked) throw new Error(`Kafka ended by itself; ${values.dir}/broker.log may say why.`);
} catch (error) {
  process.stderr.write(`${reasonOf(error)}\n`);
  process.exitCode = 1;
}

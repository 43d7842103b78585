import { startKafka } from '../../ops/kafka/broker.ts';

const [dir = ''] = process.argv.slice(2);

const kafka = await startKafka({ dir });
process.stdout.write(`${kafka.pid}\n`);
// Stays until it is killed.
setInterval(() => {}, 60_000);

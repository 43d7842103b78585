import { pino } from 'pino';
import { startEmbeddedPostgres } from '../../src/adapters/postgres/embedded.ts';

const [dir = ''] = process.argv.slice(2);

const server = await startEmbeddedPostgres({ dir, log: pino({ level: 'silent' }) });
const { port, pid } = server;
process.stdout.write(`${JSON.stringify({ port, pid, url: server.url('postgres') })}\n`);
process.once('SIGTERM', () => server.stop().then(() => process.exit(0)));
// Stays until it is killed.
setInterval(() => {}, 60_000);

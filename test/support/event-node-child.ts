import { pino } from 'pino';
import { spawnEventNode } from '../../src/adapters/eventstore/embedded/spawn.ts';

const [databaseUrl = ''] = process.argv.slice(2);

const node = await spawnEventNode({ databaseUrl, port: 0, log: pino({ level: 'silent' }) });
process.stdout.write(`${node.pid}\n`);
// Stays until it is killed.
setInterval(() => {}, 60_000);

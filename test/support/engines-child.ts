import { pino } from 'pino';
import { startEngines } from '../../src/engines.ts';

const [dataDir = ''] = process.argv.slice(2);

const { databaseUrl, eventstoreUrl } = await startEngines({
  dataDir,
  log: pino({ level: 'silent' }),
});
process.stdout.write(`${JSON.stringify({ databaseUrl, eventstoreUrl })}\n`);

import { pino } from 'pino';
import { restore } from '../src/backup/restore.ts';
import { readConfig } from '../src/config.ts';
import { asTable, worstOf } from '../src/doctor/report.ts';
import { progress } from '../src/progress.ts';

/**
 * `npm run restore -- <file-or-folder>`: a backup (of a folder the newest) into the empty installation
 * that the environment names. Ends with 1 when it is refused, or when the doctor finds a failure.
 */
const [from, ...more] = process.argv.slice(2);
const log = pino({ level: 'warn' }, pino.destination({ dest: 2, sync: true }));

try {
  // No option and no half of a name with a space is taken for a file.
  if (!from || from.startsWith('-') || more.length > 0) {
    throw new Error('Usage: npm run restore -- <file-or-folder>');
  }
  const told = progress({ output: process.stdout, now: () => performance.now() });
  const checks = await restore(readConfig(), from, { log, progress: told });
  process.stdout.write(`\n${asTable(checks)}`);
  process.exitCode = worstOf(checks) === 'failure' ? 1 : 0;
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}

import { pino } from 'pino';
import { backup } from '../src/backup/backup.ts';
import { readConfig } from '../src/config.ts';
import { progress } from '../src/progress.ts';

/**
 * `npm run backup -- <file-or-folder>`: vault, journal and embedded log at one position, in one file. It
 * takes the program's own environment, and the program may run meanwhile.
 */
const [to, ...more] = process.argv.slice(2);
const log = pino({ level: 'warn' }, pino.destination({ dest: 2, sync: true }));

try {
  // No option and no half of a name with a space is taken for a file.
  if (!to || to.startsWith('-') || more.length > 0) {
    throw new Error('Usage: npm run backup -- <file-or-folder>');
  }
  const told = progress({ output: process.stdout, now: () => performance.now() });
  const { path, header } = await backup(readConfig(), to, { log, progress: told });
  told.say(`${path} holds everything up to position ${header.position ?? 'none'}.`);
  told.say(
    'The master key is not in it: keep that elsewhere, for without it the backup opens for nobody.',
  );
  if (header.log === 'outside') {
    told.say(
      'The log is not in it: back up the EventStoreDB by its own means, now and not before, so that ' +
        'its copy reaches that position.',
    );
  }
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}

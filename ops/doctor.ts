import { pino } from 'pino';
import { readConfig } from '../src/config.ts';
import { examine } from '../src/doctor/examine.ts';
import { asJson, asTable, worstOf } from '../src/doctor/report.ts';

/**
 * `npm run doctor`: whether an installation is well. It takes the program's own environment, changes
 * nothing, and ends with 1 when anything fails. `--json` prints the same for programs.
 */
const asksForJson = process.argv.includes('--json');
const log = pino({ level: 'warn' }, pino.destination({ dest: 2, sync: true }));

try {
  const checks = await examine(readConfig(), log);
  process.stdout.write(asksForJson ? asJson(checks) : asTable(checks));
  process.exitCode = worstOf(checks) === 'failure' ? 1 : 0;
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}

import { execFile } from 'node:child_process';
import test from 'ava';
import { pino } from 'pino';
import { z } from 'zod';
import { parseConfig } from '../../src/config.ts';
import { findEngines } from '../../src/doctor/engines.ts';
import { jsonRequest } from '../support/json-request.ts';
import { newCustomer, newPerson, settledCalls, signIn } from '../support/people.ts';
import type { Program } from '../support/program.ts';
import { newDataDir, removeDataDir, startProgram } from '../support/program.ts';
import { query } from '../support/query.ts';

const Report = z.object({
  status: z.string(),
  checks: z.array(
    z.object({
      name: z.string(),
      status: z.string(),
      detail: z.string(),
      more: z.array(z.string()).optional(),
    }),
  ),
});

interface Examined {
  readonly code: number;
  readonly output: string;
}

/** `npm run doctor` on a data directory, with nothing else of this process's environment. */
const doctor = (dataDir: string, ...args: readonly string[]): Promise<Examined> =>
  new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      ['ops/doctor.ts', ...args],
      { env: { PATH: '/usr/bin:/bin', DATA_DIR: dataDir } },
      (_, stdout, stderr) => resolve({ code: child.exitCode ?? -1, output: stdout + stderr }),
    );
  });

const reportOn = async (dataDir: string) => {
  const { code, output } = await doctor(dataDir, '--json');
  return { code, ...Report.parse(JSON.parse(output)) };
};

/** Runs something on the database of a program that runs. */
async function onDatabase(dataDir: string, text: string): Promise<void> {
  const config = parseConfig({ DATA_DIR: dataDir });
  const { databaseUrl } = await findEngines(config, pino({ level: 'silent' }));
  await query(databaseUrl, text);
}

let program: Program;
let dataDir: string;

test.before(async () => {
  dataDir = await newDataDir();
  program = await startProgram(dataDir);
});
test.after.always(async () => {
  await program.kill();
  await removeDataDir(dataDir);
});

test.serial(
  'an installation with some calls is well, while it runs and when it stands',
  async (t) => {
    const admin = await signIn(program);
    const person = await newCustomer(program, admin.token, '5');
    for (const stream of [false, true]) {
      const answer = await jsonRequest(`${program.url}/v1/chat/completions`, {
        method: 'POST',
        token: person.key,
        body: { model: 'demo', stream, messages: [{ role: 'user', content: 'Hello!' }] },
      });
      t.is(answer.status, 200, await answer.text());
    }
    await settledCalls(program, person.token, 2);
    const running = await reportOn(dataDir);
    t.deepEqual(
      running.checks.filter(({ status }) => status !== 'ok'),
      [],
    );
    t.is(running.code, 0);
    await program.stop();
    const { code, output } = await doctor(dataDir);
    t.is(code, 0, output);
    t.regex(output, /ok +I2 +fold, legs and read model/);
    t.regex(output, /0 failures/);
    program = await startProgram(dataDir);
  },
);

test.serial('a changed row and a missing key are failures that say whose they are', async (t) => {
  const person = await newPerson(program);
  const other = await newPerson(program);
  const wallet = `(SELECT wallet_id FROM read.members WHERE member_id = '${other.memberId}')`;
  await onDatabase(
    dataDir,
    `UPDATE balance_v1.balance SET posted = posted + 1 WHERE wallet_id = ${wallet}`,
  );
  await onDatabase(dataDir, `DELETE FROM vault.member_keys WHERE member_id = '${person.memberId}'`);
  const { code, status, checks } = await reportOn(dataDir);
  t.is(code, 1);
  t.is(status, 'failure');
  t.deepEqual(
    checks.filter((check) => check.status === 'failure').map(({ name }) => name),
    ['member keys', 'I2'],
  );
  const lines = checks.flatMap(({ more = [] }) => more).join('\n');
  t.regex(lines, new RegExp(`member ${person.memberId} has neither a key nor a tombstone`));
  t.regex(lines, /wallet [0-9a-f-]{36}: The read model has 1 CNY/);
});

test('a folder without an installation is refused with what to set', async (t) => {
  const empty = await newDataDir();
  t.teardown(() => removeDataDir(empty));
  const { code, output } = await doctor(empty);
  t.is(code, 1);
  t.regex(output, /There is no installation in .*DATABASE_URL/s);
});

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import test from 'ava';
import { administrator, adminToken, testApi } from '../support/api.ts';

const api = testApi(test);
let token = '';
test.serial.before(async () => {
  token = await adminToken(api());
});

const asAdministrator = {
  ADMIN_EMAIL: administrator.email,
  ADMIN_PASSWORD: administrator.password,
};

/** Runs the script as an operator does, against the API. */
async function run(args: readonly string[], environment: Readonly<Record<string, string>> = {}) {
  const child = spawn(process.execPath, ['ops/import-prices.ts', ...args], {
    env: { PATH: '/usr/bin:/bin', PUBLIC_URL: api().url, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [out, err] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit'),
  ]);
  return { status: child.exitCode, out, err };
}

test('a line for each model says what became of it, and where its price is from', async (t) => {
  const { status, out, err } = await run(
    ['--provider', 'acme', '--rate', '7.1', '--dry-run', '--costs'],
    asAdministrator,
  );
  t.is(status, 0, err);
  t.regex(out, /^alias +status +from +CNY per 1M tokens +our cost$/m);
  t.regex(
    out,
    /^plain +would_publish +acme\/plain +input 17\.75, .*output 71 +input 17\.75, .*output 71$/m,
  );
  t.regex(out, /^odd .*rounded up: input_mtok$/m);
  t.regex(out, /^tiered +skipped .*depend on how much is asked at once: input_mtok$/m);
  t.regex(out, /^from test-prices@1\.2\.3$/m);
});

test('a session’s token will do, and models may be named', async (t) => {
  const { status, out } = await run([
    ...['--models', 'plain,nobody', '--rate', '7', '--markup', '2', '--currency', 'CNY'],
    ...['--dry-run', '--token', token],
  ]);
  t.is(status, 0);
  t.regex(out, /^plain +would_publish +acme\/plain +.*input 35,/m);
  t.regex(out, /^nobody +skipped/m);
});

test('what is refused is told, and ends with 1', async (t) => {
  const { status, err } = await run(['--provider', 'acme'], asAdministrator);
  t.is(status, 1);
  t.regex(err, /answered 400: The catalogue is in USD: .*`rate`/);
  const nobody = await run(['--provider', 'acme']);
  t.is(nobody.status, 1);
  t.regex(nobody.err, /ADMIN_EMAIL/);
});

import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import pg from 'pg';
import type { Person } from '../../test/support/people.ts';
import { grant, newPerson, request, signIn } from '../../test/support/people.ts';
import type { Program } from '../../test/support/program.ts';
import {
  newDataDir,
  removeDataDir,
  startEnginesAlone,
  startProgram,
} from '../../test/support/program.ts';
import type { LoadResult } from './load.ts';
import { putLoad } from './load.ts';
import { cpuSeconds, hardware, startServer } from './processes.ts';

/**
 * load → this proxy → a mock upstream, beside the same load → a bare pipe → the same mock, in turns
 * in one run. Prints speed and, beside it, the verdict: charged calls = complete answers = upstream
 * calls, and every leg sums to zero. Ends with 1 when the verdict is no.
 */
const { values } = parseArgs({ options: { quick: { type: 'boolean', default: false } } });
const rounds = values.quick ? 1 : 3;
const seconds = values.quick ? 3 : 10;
const keys = 32;
const body = JSON.stringify({
  model: 'bench',
  messages: [{ role: 'user', content: 'Say something short about the sea.' }],
  max_tokens: 64,
});

const say = (text: string) => process.stdout.write(`${text}\n`);
const median = (numbers: readonly number[]): number =>
  [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;

interface Stage {
  readonly program: Program;
  readonly roots: readonly number[];
  readonly database: pg.Client;
  readonly people: readonly Person[];
  readonly upstream: { readonly url: string };
  readonly pipe: { readonly url: string };
}

async function furnish({ program, upstream }: Pick<Stage, 'program' | 'upstream'>) {
  const { token } = await signIn(program);
  const put = (path: string, content: unknown) =>
    request(`${program.url}${path}`, { method: 'PUT', token, body: content });
  await put('/api/admin/models/bench', { price: { input: '1', cached_input: '1', output: '2' } });
  await put('/api/admin/routes/bench', {
    candidates: [{ upstream: 'openai_like', model: 'mock', weight: 1 }],
  });
  const people: Person[] = [];
  for (let index = 0; index < keys; index += 1) {
    const person = await newPerson(program);
    await grant(program, token, person.memberId, '1000000');
    people.push(person);
  }
  say(`${keys} members with a key and credit each; upstream at ${upstream.url}`);
  return people;
}

/** One load on the pipe and one on the proxy, `rounds` times in turns. */
async function measure(stage: Stage, connections: number) {
  const proxied: (LoadResult & { cpu: number })[] = [];
  const piped: LoadResult[] = [];
  const keyOf = (connection: number) => stage.people[connection % keys]?.key ?? '';
  const load = { connections, seconds, body, keyOf };
  for (let round = 0; round < rounds; round += 1) {
    piped.push(await putLoad({ ...load, url: stage.pipe.url }));
    const before = await cpuSeconds(stage.roots);
    const result = await putLoad({ ...load, url: stage.program.url });
    await drained(stage);
    const cpu = ((await cpuSeconds(stage.roots)) - before) / (result.complete / 1000);
    proxied.push({ ...result, cpu });
  }
  const of = <Row>(rows: readonly Row[], pick: (row: Row) => number) => median(rows.map(pick));
  const rate = of(proxied, (row) => row.perSecond);
  const pipeRate = of(piped, (row) => row.perSecond);
  say(
    [
      `${String(connections).padStart(3)} connections`,
      `pipe ${pipeRate.toFixed(0)}/s`,
      `proxy ${rate.toFixed(0)}/s (${(rate / pipeRate).toFixed(3)} of the pipe)`,
      `added p50 ${(of(proxied, (row) => row.p50Ms) - of(piped, (row) => row.p50Ms)).toFixed(2)} ms`,
      `added p99 ${(of(proxied, (row) => row.p99Ms) - of(piped, (row) => row.p99Ms)).toFixed(2)} ms`,
      `${of(proxied, (row) => row.cpu).toFixed(2)} CPU s per 1k calls`,
    ].join('  '),
  );
  return {
    piped: piped.reduce((total, row) => total + row.complete, 0),
    complete: proxied.reduce((total, row) => total + row.complete, 0),
    failed: [...proxied, ...piped].reduce((total, row) => total + row.failed, 0),
  };
}

/** Waits until the read models have seen every call: the drain belongs to what a call costs. */
async function drained({ database }: Stage): Promise<void> {
  for (let last = ''; ; ) {
    const { rows } = await database.query<{ open: string; calls: string }>(
      `SELECT count(*) FILTER (WHERE status = 'open') AS open, count(*) AS calls FROM read.calls`,
    );
    const [{ open, calls } = { open: '?', calls: '' }] = rows;
    if (open === '0' && calls === last) return;
    last = calls;
    await sleep(100);
  }
}

async function verdict(stage: Stage, totals: { piped: number; complete: number; failed: number }) {
  const { rows } = await stage.database.query<{
    settled: string;
    open: string;
    legs: string | null;
  }>(
    `SELECT (SELECT count(*) FROM read.calls WHERE status = 'settled') AS settled,
            (SELECT count(*) FROM read.calls WHERE status = 'open') AS open,
            (SELECT trim_scale(sum(balance))::text FROM read.trial_balance) AS legs`,
  );
  const asked = Number(await (await fetch(`${stage.upstream.url}/count`)).text()) - totals.piped;
  const [{ settled, open, legs } = { settled: '?', open: '?', legs: '?' }] = rows;
  const good =
    Number(settled) === totals.complete &&
    asked === totals.complete &&
    open === '0' &&
    legs === '0' &&
    totals.failed === 0;
  say(
    `verdict: ${good ? 'exact' : 'WRONG'}: ${settled} charged, ${totals.complete} complete answers, ` +
      `${asked} upstream calls, ${totals.failed} failed, ${open} open, legs sum to ${legs}`,
  );
  return good;
}

const dataDir = await newDataDir();
const secret = { MASTER_KEY: randomBytes(32).toString('base64'), LOG_LEVEL: 'warn' };
const engines = await startEnginesAlone(dataDir);
const upstream = await startServer('mock-upstream.ts');
const pipe = await startServer('pipe.ts', String(upstream.port));
const program = await startProgram(dataDir, {
  ...secret,
  ROLES: 'api,relay,projector,scheduler',
  DATABASE_URL: engines.databaseUrl,
  EVENTSTORE_URL: engines.eventstoreUrl,
  OPENAI_LIKE_BASE_URL: `${upstream.url}/v1`,
});
const database = new pg.Client({ connectionString: engines.databaseUrl });
let good = false;
try {
  say(hardware());
  const people = await furnish({ program, upstream });
  const roots = [program.pid, engines.pid];
  await database.connect();
  const stage: Stage = { program, roots, database, people, upstream, pipe };
  await putLoad({ url: pipe.url, connections: 8, seconds: 1, body, keyOf: () => 'none' });
  const warm = await putLoad({
    url: program.url,
    connections: 8,
    seconds: 2,
    body,
    keyOf: (index) => people[index]?.key ?? '',
  });
  const warmPiped = Number(await (await fetch(`${upstream.url}/count`)).text()) - warm.complete;
  const measured = [await measure(stage, 1), await measure(stage, 32)];
  const add = (pick: (row: (typeof measured)[number]) => number) =>
    measured.reduce((total, row) => total + pick(row), 0);
  good = await verdict(stage, {
    piped: warmPiped + add((row) => row.piped),
    complete: warm.complete + add((row) => row.complete),
    failed: warm.failed + add((row) => row.failed),
  });
} finally {
  await database.end();
  await program.stop();
  await engines.stop();
  upstream.stop();
  pipe.stop();
  await removeDataDir(dataDir);
}
process.exitCode = good ? 0 : 1;

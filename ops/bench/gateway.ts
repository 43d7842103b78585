import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import pg from 'pg';
import type { Closers } from '../../src/closers.ts';
import { closers } from '../../src/closers.ts';
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

/** What was answered whole, beside the proxy and through it, and what was not. */
interface Counts {
  readonly piped: number;
  readonly complete: number;
  readonly failed: number;
}

/** Both compile what they run while it runs: the first thousands of calls say little. */
async function warmUp({ pipe, program, people, upstream }: Stage): Promise<Counts> {
  const load = { connections: 8, body };
  await putLoad({ ...load, url: pipe.url, seconds: 1, keyOf: () => 'none' });
  const { complete, failed } = await putLoad({
    ...load,
    url: program.url,
    seconds: 2,
    keyOf: (index) => people[index]?.key ?? '',
  });
  return { piped: (await answersOf(upstream)) - complete, complete, failed };
}

/** How many answers the mock has given. */
const answersOf = async ({ url }: Stage['upstream']): Promise<number> =>
  Number(await (await fetch(`${url}/count`)).text());

/** One load on the pipe and one on the proxy, `rounds` times in turns. */
async function measure(stage: Stage, connections: number): Promise<Counts> {
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

async function verdict(stage: Stage, totals: Counts): Promise<boolean> {
  const { rows } = await stage.database.query<{
    settled: string;
    open: string;
    legs: string | null;
  }>(
    `SELECT (SELECT count(*) FROM read.calls WHERE status = 'settled') AS settled,
            (SELECT count(*) FROM read.calls WHERE status = 'open') AS open,
            (SELECT trim_scale(sum(balance))::text FROM read.trial_balance) AS legs`,
  );
  const asked = (await answersOf(stage.upstream)) - totals.piped;
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

async function run(started: Closers): Promise<boolean> {
  const dataDir = await newDataDir();
  started.add(() => removeDataDir(dataDir));
  const engines = await startEnginesAlone(dataDir);
  started.add(engines.stop);
  const upstream = await startServer('mock-upstream.ts');
  started.add(upstream.stop);
  const pipe = await startServer('pipe.ts', String(upstream.port));
  started.add(pipe.stop);
  const program = await startProgram(dataDir, {
    MASTER_KEY: randomBytes(32).toString('base64'),
    LOG_LEVEL: 'warn',
    ROLES: 'api,relay,projector,scheduler',
    DATABASE_URL: engines.databaseUrl,
    EVENTSTORE_URL: engines.eventstoreUrl,
    OPENAI_LIKE_BASE_URL: `${upstream.url}/v1`,
  });
  started.add(program.stop);
  say(hardware());
  const people = await furnish({ program, upstream });
  const database = new pg.Client({ connectionString: engines.databaseUrl });
  await database.connect();
  started.add(() => database.end());
  const roots = [program.pid, engines.pid];
  const stage: Stage = { program, roots, database, people, upstream, pipe };
  const warm = await warmUp(stage);
  const measured = [await measure(stage, 1), await measure(stage, 32)];
  const add = (pick: (row: Counts) => number) =>
    measured.reduce((total, row) => total + pick(row), 0);
  return verdict(stage, {
    piped: warm.piped + add((row) => row.piped),
    complete: warm.complete + add((row) => row.complete),
    failed: warm.failed + add((row) => row.failed),
  });
}

const started = closers();
try {
  process.exitCode = (await run(started)) ? 0 : 1;
} finally {
  await started.close();
}

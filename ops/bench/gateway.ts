import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import pg from 'pg';
import type { Closers } from '../../src/closers.ts';
import { closers } from '../../src/closers.ts';
import {
  newDataDir,
  removeDataDir,
  startEnginesAlone,
  startProgram,
} from '../../test/support/program.ts';
import type { Counts, Stage } from './gateway-stage.ts';
import { drained, furnish, summed, verdictOf } from './gateway-stage.ts';
import { heldModel, holdStreams } from './held-streams.ts';
import type { Load, LoadResult } from './load.ts';
import { putLoad } from './load.ts';
import { startPeer } from './peer.ts';
import { cpuSeconds, hardware, startServer } from './processes.ts';

/**
 * load → the program → a mock model, beside the same load through a bare pipe, through one that also
 * writes two events a call, and through a peer that neither meters nor charges, in turns in one run.
 * Prints speed and, beside it, the verdict: charged calls = complete answers = upstream calls, and every leg
 * sums to zero. Ends with 1 when the verdict is no.
 */
const { values } = parseArgs({ options: { quick: { type: 'boolean', default: false } } });
const rounds = values.quick ? 1 : 5;
const seconds = values.quick ? 2 : 4;
const held = values.quick ? 100 : 1_000;

/** What is asked; `events` of a stream count its end mark. */
const workloads = [
  { name: 'plain', model: 'mock', promptBytes: 40, events: null },
  { name: '10 KB prompt', model: 'mock', promptBytes: 10_240, events: null },
  { name: 'stream of 20', model: 'mock-20', promptBytes: 40, events: 21 },
  { name: 'stream of 200', model: 'mock-200', promptBytes: 40, events: 201 },
] as const;
type Workload = (typeof workloads)[number];
const plan = values.quick
  ? { workloads: [workloads[0], workloads[2]], connections: [1, 32] }
  : { workloads, connections: [1, 32, 128] };

const say = (text: string) => process.stdout.write(`${text}\n`);
const median = (numbers: readonly number[]): number =>
  numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;

const bodyOf = ({ model, promptBytes, events }: Workload): string =>
  JSON.stringify({
    model,
    messages: [{ role: 'user', content: 'Tell me about the sea. '.repeat(promptBytes / 23 + 1) }],
    max_tokens: 256,
    ...(events === null ? {} : { stream: true }),
  });

const ways = ['pipe', 'durable', 'peer', 'program'] as const;
type Way = (typeof ways)[number];

function loadOn(stage: Stage, way: Way, workload: Workload): Omit<Load, 'connections' | 'seconds'> {
  const keyOf = (connection: number) => stage.people[connection % stage.people.length]?.key ?? '';
  const bearers: Partial<Record<Way, (connection: number) => string>> = {
    program: keyOf,
    // It has no writer that several callers of one stream could wait for: each has a stream of its own.
    durable: String,
  };
  const bearer = bearers[way];
  const headersOf = (connection: number) =>
    bearer ? { authorization: `Bearer ${bearer(connection)}` } : stage.peer.headers;
  return { url: stage[way].url, body: bodyOf(workload), events: workload.events, headersOf };
}

/** All compile what they run while it runs: the first thousands of calls say little. */
async function warmUp(stage: Stage): Promise<Counts> {
  const counts: Counts[] = [];
  for (const workload of plan.workloads) {
    for (const way of ways) {
      const load = { ...loadOn(stage, way, workload), connections: 8, seconds: 1 };
      counts.push(countsOf(way, await putLoad(load)));
    }
  }
  return summed(counts);
}

const countsOf = (way: Way, { complete, failed }: LoadResult): Counts =>
  way === 'program' ? { beside: 0, complete, failed } : { beside: complete, complete: 0, failed };

interface Measured extends LoadResult {
  /** CPU seconds per thousand calls; of the program alone. */
  readonly cpu: number;
}

/** The same load on each way, `rounds` times in turns. */
async function measure(stage: Stage, workload: Workload, connections: number): Promise<Counts> {
  const results: Record<Way, Measured[]> = { pipe: [], durable: [], peer: [], program: [] };
  for (let round = 0; round < rounds; round += 1) {
    for (const way of ways) {
      const before = await cpuSeconds(stage.roots);
      const result = await putLoad({ ...loadOn(stage, way, workload), connections, seconds });
      if (way === 'program') await drained(stage);
      const cpu = ((await cpuSeconds(stage.roots)) - before) / (result.complete / 1000);
      results[way].push({ ...result, cpu });
    }
  }
  tell(`${workload.name}, ${connections} connections`, results);
  return summed(ways.flatMap((way) => results[way].map((result) => countsOf(way, result))));
}

function tell(what: string, results: Readonly<Record<Way, readonly Measured[]>>): void {
  const of = (way: Way, pick: (row: Measured) => number) => median(results[way].map(pick));
  const rate = (way: Way) => of(way, (row) => row.perSecond);
  const added = (pick: (row: Measured) => number) =>
    (of('program', pick) - of('pipe', pick)).toFixed(2);
  say(
    [
      what.padEnd(32),
      `pipe ${rate('pipe').toFixed(0)}/s`,
      `with two appends ${rate('durable').toFixed(0)}/s`,
      `peer ${rate('peer').toFixed(0)}/s`,
      `program ${rate('program').toFixed(0)}/s`,
      `${(rate('program') / rate('pipe')).toFixed(3)} of the pipe`,
      `${(rate('program') / rate('durable')).toFixed(2)} with two appends`,
      `${(rate('program') / rate('peer')).toFixed(2)} of the peer`,
      `added p50 ${added((row) => row.whole.p50Ms)} ms`,
      `p99 ${added((row) => row.whole.p99Ms)} ms`,
      `first token p50 ${added((row) => row.first.p50Ms)} ms`,
      `${of('program', (row) => row.cpu).toFixed(2)} CPU s per 1k calls`,
    ].join('  '),
  );
}

async function furnished(started: Closers): Promise<Stage> {
  const dataDir = await newDataDir();
  started.add(() => removeDataDir(dataDir));
  const engines = await startEnginesAlone(dataDir);
  started.add(engines.stop);
  const upstream = await startServer('mock-upstream.ts');
  started.add(upstream.stop);
  const pipe = await startServer('pipe.ts', String(upstream.port));
  started.add(pipe.stop);
  const durable = await startDurablePipe(started, upstream.port);
  const peer = await startPeer(upstream.url);
  started.add(peer.stop);
  const program = await startProgram(dataDir, {
    MASTER_KEY: randomBytes(32).toString('base64'),
    LOG_LEVEL: 'warn',
    ROLES: 'api,relay,projector,scheduler',
    DATABASE_URL: engines.databaseUrl,
    EVENTSTORE_URL: engines.eventstoreUrl,
    OPENAI_LIKE_BASE_URL: `${upstream.url}/v1`,
  });
  started.add(program.stop);
  const people = await furnish(program, [...workloads.map(({ model }) => model), heldModel]);
  const database = new pg.Client({ connectionString: engines.databaseUrl });
  await database.connect();
  started.add(() => database.end());
  const roots = [program.pid, engines.pid];
  return { program, roots, database, people, upstream, pipe, durable, peer };
}

/** With engines of its own: what it writes is nothing that the program's read models could read. */
async function startDurablePipe(started: Closers, upstreamPort: number) {
  const dataDir = await newDataDir();
  started.add(() => removeDataDir(dataDir));
  const { eventstoreUrl, stop } = await startEnginesAlone(dataDir);
  started.add(stop);
  const pipe = await startServer('durable-pipe.ts', String(upstreamPort), eventstoreUrl);
  started.add(pipe.stop);
  return pipe;
}

async function run(started: Closers): Promise<boolean> {
  const stage = await furnished(started);
  say(hardware());
  say(
    `${stage.people.length} members with a key and credit each; ${rounds} rounds of ${seconds} s`,
  );
  const counts = [await warmUp(stage)];
  for (const workload of plan.workloads) {
    for (const connections of plan.connections) {
      counts.push(await measure(stage, workload, connections));
    }
  }
  counts.push(await holdStreams(stage, held, say));
  const { isExact, text } = await verdictOf(stage, summed(counts));
  say(text);
  return isExact;
}

const started = closers();
try {
  process.exitCode = (await run(started)) ? 0 : 1;
} finally {
  await started.close();
}

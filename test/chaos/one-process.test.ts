import { setTimeout as sleep } from 'node:timers/promises';
import type { ExecutionContext } from 'ava';
import test from 'ava';
import { isExact, settlesDown } from '../support/exactness.ts';
import type { Load } from '../support/load.ts';
import { sellForLoad, startLoad } from '../support/load.ts';
import type { MockUpstream } from '../support/mock-upstream.ts';
import { startMockUpstream } from '../support/mock-upstream.ts';
import { newCustomers, signIn } from '../support/people.ts';
import type { Program } from '../support/program.ts';
import {
  engineOf,
  newDataDir,
  removeDataDir,
  startProgram,
  untilReady,
} from '../support/program.ts';

const inFlight = 200;

interface Scene {
  readonly upstream: MockUpstream;
  readonly environment: Readonly<Record<string, string>>;
  readonly program: Program;
  readonly people: Awaited<ReturnType<typeof newCustomers>>;
}

/** The program as `npm start` runs it, its engines included. */
async function scene(t: ExecutionContext): Promise<Scene> {
  const dataDir = await newDataDir();
  const upstream = await startMockUpstream();
  const environment = {
    OPENAI_LIKE_BASE_URL: `${upstream.url}/v1`,
    OPENAI_LIKE_API_KEY: 'sk-mock',
  };
  const program = await startProgram(dataDir, environment);
  t.teardown(async () => {
    await program.stop();
    await upstream.close();
    await removeDataDir(dataDir);
  });
  const { token } = await signIn(program);
  await sellForLoad(program, token);
  return { upstream, environment, program, people: await newCustomers(program, token, '100') };
}

async function endsExact(
  t: ExecutionContext,
  { upstream, people }: Scene,
  program: Program,
  load: Load,
) {
  await untilReady(program.url);
  await settlesDown(program, people);
  await isExact(t, {
    programs: [program],
    eventstoreUrl: eventstoreUrlOf(program),
    people,
    complete: load.complete,
    upstreamCalls: upstream.asked.length,
  });
}

const eventstoreUrlOf = (program: Program): string =>
  `esdb://127.0.0.1:${engineOf(program, 'eventlog').port}?tls=false`;

test.serial(
  'kill -9 of a program with its engines: what was answered is charged once, nothing stays open',
  async (t) => {
    t.timeout(180_000);
    const stage = await scene(t);
    const load = startLoad({ urlOf: () => stage.program.url, people: stage.people, inFlight });
    await sleep(4_000);
    await stage.program.kill();
    await load.stop();
    t.true(load.complete.length > inFlight / 2);
    const again = await startProgram(stage.program.dataDir, stage.environment);
    try {
      await endsExact(t, stage, again, load);
    } finally {
      await again.stop();
    }
  },
);

for (const engine of ['eventlog', 'postgres'] as const) {
  test.serial(`kill -9 of ${engine}: it is started again, and every charge is exact`, async (t) => {
    t.timeout(180_000);
    const stage = await scene(t);
    const { program, people } = stage;
    const load = startLoad({ urlOf: () => program.url, people, inFlight });
    await sleep(3_000);
    const before = load.complete.length;
    process.kill(engineOf(program, engine).pid, 'SIGKILL');
    t.regex(await whyNotReady(program), /ended|started|waits|answer/);
    await sleep(4_000);
    await untilReady(program.url);
    await sleep(3_000);
    await load.stop();
    t.true(before > 0);
    t.true(load.complete.length > before, 'calls go on afterwards');
    await endsExact(t, stage, program, load);
  });
}

/** The first reason that `/readyz` gives for a 503; an engine that is down is never hidden. */
async function whyNotReady({ url }: Program): Promise<string> {
  for (;;) {
    const response = await fetch(`${url}/readyz`);
    const text = await response.text();
    if (response.status === 503) return text;
    await sleep(10);
  }
}

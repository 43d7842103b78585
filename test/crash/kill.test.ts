import { setTimeout as sleep } from 'node:timers/promises';
import type { ExecutionContext } from 'ava';
import test from 'ava';
import { Decimal, sum } from '../../src/domain/money.ts';
import type { MockUpstream } from '../support/mock-upstream.ts';
import { startMockUpstream } from '../support/mock-upstream.ts';
import type { Person } from '../support/people.ts';
import { callsOf, grant, newPerson, sell, signIn, walletOf } from '../support/people.ts';
import type { Program } from '../support/program.ts';
import { newDataDir, removeDataDir, startProgram, untilReady } from '../support/program.ts';

const credit = '100';
const members = 4;
const callsInFlight = 200;

interface Scene {
  readonly dataDir: string;
  readonly upstream: MockUpstream;
  readonly environment: Readonly<Record<string, string>>;
  readonly program: Program;
  readonly people: readonly Person[];
}

async function scene(t: ExecutionContext): Promise<Scene> {
  const dataDir = await newDataDir();
  const upstream = await startMockUpstream();
  const environment = {
    OPENAI_LIKE_BASE_URL: `${upstream.url}/v1`,
    OPENAI_LIKE_API_KEY: 'sk-mock',
  };
  const program = await startProgram(dataDir, environment);
  t.teardown(async () => {
    await upstream.close();
    await removeDataDir(dataDir);
  });
  const { token } = await signIn(program);
  // Answers end all along the test, so that the kill meets calls in every state.
  await sell(program, token, 'quick', 'mock?chunks=4&delay=20');
  await sell(program, token, 'steady', 'mock?chunks=40&delay=50');
  const people: Person[] = [];
  for (let index = 0; index < members; index += 1) {
    const person = await newPerson(program);
    await grant(program, token, person.memberId, credit);
    people.push(person);
  }
  return { dataDir, upstream, environment, program, people };
}

/** Asks once; returns the call's id when the answer came whole, else undefined. */
async function ask(url: string, key: string, stream: boolean): Promise<string | undefined> {
  try {
    const response = await fetch(`${url}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        model: stream ? 'steady' : 'quick',
        messages: [{ role: 'user', content: 'Hello' }],
        max_tokens: 100,
        stream,
      }),
    });
    const text = await response.text();
    const isWhole = stream ? text.includes('data: [DONE]') : text.endsWith('}');
    if (!response.ok || !isWhole) return undefined;
    return /"id":"chatcmpl-([0-9a-f]{32})"/.exec(text)?.[1];
  } catch {
    return undefined;
  }
}

/** Keeps 200 calls in flight until `stop`; every other one is a stream. */
function load({ program, people }: Scene) {
  const complete: { memberId: string; callId: string }[] = [];
  let going = true;
  let failures = 0;
  const worker = async (index: number) => {
    const person = people[index % people.length];
    if (!person) return;
    while (going) {
      const callId = await ask(program.url, person.key, index % 2 === 0);
      if (callId) complete.push({ memberId: person.memberId, callId });
      else {
        failures += 1;
        await sleep(100);
      }
    }
  };
  const workers = Array.from({ length: callsInFlight }, (_, index) => worker(index));
  return {
    complete,
    failures: () => failures,
    async stop() {
      going = false;
      await Promise.all(workers);
    },
  };
}

/** The pid in the log line that an engine is up. */
function engineOf(program: Program, engine: 'postgres' | 'eventlog'): number {
  const lines = program.output().split('\n');
  const line = lines.filter((each) => each.includes(`${engine} is up`)).at(-1) ?? '{}';
  const pid = /"engineProcess":(\d+)/.exec(line)?.[1];
  if (!pid) throw new Error(`${engine} has said no pid: ${line}`);
  return Number(pid);
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

/** Nothing is open, and each member's balance is the credit less what the calls were charged. */
async function isExact(
  t: ExecutionContext,
  program: Program,
  { people }: Scene,
  complete: ReturnType<typeof load>['complete'],
): Promise<void> {
  for (const { token, memberId } of people) {
    const calls = await callsOf(program, token);
    t.deepEqual(
      calls.filter(({ status }) => status === 'open'),
      [],
    );
    const settled = new Map(
      calls
        .filter(({ status }) => status === 'settled')
        .map((call) => [call.id.replaceAll('-', ''), call.charge ?? '0']),
    );
    const mine = complete.filter((each) => each.memberId === memberId);
    t.true(mine.length > 0);
    for (const { callId } of mine) {
      t.true(new Decimal(settled.get(callId) ?? '0').gt(0), `${callId} was answered, not charged`);
    }
    const charged = sum([...settled.values()].map((charge) => new Decimal(charge)));
    const { posted, held, available } = await walletOf(program, token);
    t.is(held, '0');
    t.is(posted, new Decimal(credit).minus(charged).toFixed());
    t.is(available, posted);
  }
}

/** Waits for no hold to be open, for at most 30 s after readiness: the promise itself. */
async function settlesDown(program: Program, { people }: Scene): Promise<void> {
  await untilReady(program.url);
  for (let second = 0; second < 30; second += 1) {
    const held = await Promise.all(people.map(({ token }) => walletOf(program, token)));
    const open = await Promise.all(people.map(({ token }) => callsOf(program, token)));
    const isQuiet =
      held.every((wallet) => wallet.held === '0') &&
      open.flat().every(({ status }) => status !== 'open');
    if (isQuiet) return;
    await sleep(1_000);
  }
}

test.serial(
  'kill -9 of the process: what was answered is charged once, nothing stays open',
  async (t) => {
    const stage = await scene(t);
    const calls = load(stage);
    await sleep(4_000);
    await stage.program.kill();
    await calls.stop();
    t.true(calls.complete.length > callsInFlight / 2);
    const again = await startProgram(stage.dataDir, stage.environment);
    try {
      await settlesDown(again, stage);
      await isExact(t, again, stage, calls.complete);
    } finally {
      await again.stop();
    }
  },
);

for (const engine of ['eventlog', 'postgres'] as const) {
  test.serial(`kill -9 of ${engine}: it is started again, and every charge is exact`, async (t) => {
    const stage = await scene(t);
    try {
      const calls = load(stage);
      await sleep(3_000);
      const before = calls.complete.length;
      process.kill(engineOf(stage.program, engine), 'SIGKILL');
      t.regex(await whyNotReady(stage.program), /ended|started|waits|answer/);
      await sleep(4_000);
      await untilReady(stage.program.url);
      await sleep(3_000);
      await calls.stop();
      t.true(before > 0);
      t.true(calls.complete.length > before, 'calls go on afterwards');
      await settlesDown(stage.program, stage);
      await isExact(t, stage.program, stage, calls.complete);
    } finally {
      await stage.program.stop();
    }
  });
}

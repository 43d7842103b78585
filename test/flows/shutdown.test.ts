import type { ExecutionContext } from 'ava';
import test from 'ava';
import { Decimal } from '../../src/domain/money.ts';
import type { MockUpstream } from '../support/mock-upstream.ts';
import { startMockUpstream } from '../support/mock-upstream.ts';
import type { Person } from '../support/people.ts';
import { callsOf, newCustomer, sell, signIn, walletOf } from '../support/people.ts';
import type { Program } from '../support/program.ts';
import { newDataDir, removeDataDir, startProgram } from '../support/program.ts';

interface Scene {
  readonly program: Program;
  readonly upstream: MockUpstream;
  readonly person: Person;
  readonly environment: Readonly<Record<string, string>>;
}

async function scene(t: ExecutionContext, graceMs: number): Promise<Scene> {
  const upstream = await startMockUpstream();
  const dataDir = await newDataDir();
  t.teardown(async () => {
    await upstream.close();
    await removeDataDir(dataDir);
  });
  const environment = {
    SHUTDOWN_GRACE_MS: String(graceMs),
    OPENAI_LIKE_BASE_URL: `${upstream.url}/v1`,
  };
  const program = await startProgram(dataDir, environment);
  const { token } = await signIn(program);
  await sell(program, token, 'short', 'mock?chunks=20&delay=50');
  await sell(program, token, 'long', 'mock?chunks=2000&delay=50');
  const person = await newCustomer(program, token, '10');
  return { program, upstream, person, environment };
}

/** Starts a stream, stops the program once the first chunk is there, and reads the stream to its end. */
async function stopDuringStream({ program, person }: Scene, model: string) {
  const response = await fetch(`${program.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${person.key}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      model,
      stream: true,
      max_tokens: 4_000,
      messages: [{ role: 'user', content: 'Hello' }],
    }),
  });
  let text = '';
  let stopped: Promise<number | null> | undefined;
  const decoder = new TextDecoder();
  for await (const bytes of response.body ?? []) {
    text += decoder.decode(bytes, { stream: true });
    stopped ??= program.stop();
  }
  return { text, code: await stopped };
}

async function settledAfterwards(t: ExecutionContext, stage: Scene, basis: string) {
  const again = await startProgram(stage.program.dataDir, stage.environment);
  try {
    const [call] = await callsOf(again, stage.person.token);
    t.is(call?.status, 'settled');
    t.is(call?.basis, basis);
    const { posted, held } = await walletOf(again, stage.person.token);
    t.is(held, '0');
    t.is(posted, new Decimal(10).minus(call?.charge ?? '0').toFixed());
    t.true(new Decimal(call?.charge ?? '0').gt(0));
  } finally {
    await again.stop();
  }
}

test.serial('SIGTERM lets a stream in flight end whole', async (t) => {
  const stage = await scene(t, 30_000);
  const { text, code } = await stopDuringStream(stage, 'short');
  t.is(code, 0);
  t.true(text.trimEnd().endsWith('data: [DONE]'));
  await settledAfterwards(t, stage, 'usage');
});

test.serial(
  'after the grace a stream is cut with an error event and charged what was delivered',
  async (t) => {
    const stage = await scene(t, 500);
    const { text, code } = await stopDuringStream(stage, 'long');
    t.is(code, 0);
    t.false(text.includes('[DONE]'));
    t.regex(text.trimEnd().split('\n').at(-1) ?? '', /^data: \{"error":/);
    await settledAfterwards(t, stage, 'estimate');
  },
);

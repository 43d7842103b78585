import type { ExecutionContext, TestFn } from 'ava';
import type { Json, UpstreamAnswer } from '../../src/adapters/llm/upstream.ts';
import { eventually } from './eventually.ts';
import type { MockAnthropic } from './mock-anthropic.ts';
import { startMockAnthropic } from './mock-anthropic.ts';
import type { MockGemini } from './mock-gemini.ts';
import { startMockGemini } from './mock-gemini.ts';
import type { PaidCalls } from './paid-calls.ts';
import { paidCalls } from './paid-calls.ts';
import type { PaidMock } from './paid-mock.ts';
import { adapter, cost, crashed, endsWith, helloTokens, paidMock, watched } from './paid-mock.ts';
import { toAnthropic, toGemini } from './upstreams-at.ts';
import { jsonHeaders, startV1 } from './v1-server.ts';

export type Kind = 'openai' | 'anthropic' | 'gemini';

/** How an endpoint is asked and what it answers. */
export interface EndpointWords {
  readonly path: string;
  /** A request that says "Hello" and wants so much at most. */
  body(outputTokens: number): Json;
  /** What stands only behind the last word of a whole stream. */
  readonly end: RegExp;
  /** How often an answer says " word", each time told once. */
  wordsIn(text: string): number;
  /** What an answer that failed with this status says. */
  failed(status: number): RegExp;
}

interface World {
  readonly openAi: PaidMock;
  readonly anthropic: MockAnthropic;
  readonly gemini: MockGemini;
  readonly closers: (() => unknown)[];
  readonly words: EndpointWords;
}

export interface Asked {
  readonly calls: PaidCalls;
  /** Sends the one request; its events stream when they are asked to. */
  post(streams: boolean, signal?: AbortSignal): Promise<Response>;
  /** Requests that reached the upstream. */
  asked(): number;
  /** What the upstream has begun to answer. */
  readonly answering: Promise<UpstreamAnswer>;
}

interface Options extends Partial<Parameters<typeof paidCalls>[0]> {
  readonly impatient?: boolean;
  readonly outputTokens?: number;
}

function upstreamOf({ openAi, anthropic, gemini }: World, kind: Kind, silenceMs: number) {
  switch (kind) {
    case 'openai':
      return adapter(`${openAi.mock.url}/v1`, silenceMs);
    case 'anthropic':
      return { ...toAnthropic(anthropic.url, silenceMs), id: 'mock' };
    case 'gemini':
      return { ...toGemini(gemini.url, silenceMs), id: 'mock' };
  }
}

const askedOf = ({ openAi, anthropic, gemini }: World, kind: Kind): readonly unknown[] =>
  ({ openai: openAi.mock, anthropic, gemini })[kind].asked;

/** The endpoint before an upstream of some protocol, which behaves as its model's name says. */
async function endpoint(
  world: World,
  kind: Kind,
  how: string,
  options: Options = {},
): Promise<Asked> {
  const { closers, words } = world;
  const { impatient = false, outputTokens = 64, ...more } = options;
  const silenceMs = impatient ? 1_000 : 20_000;
  const upstream = upstreamOf(world, kind, silenceMs);
  closers.push(() => upstream.close());
  const models = [{ upstream: 'mock', model: `gpt-4o?${how}` }];
  const observed = watched(upstream);
  const calls = await paidCalls({ upstreams: [observed.upstream], models, ...more });
  const { url, close } = await startV1(calls);
  closers.push(close);
  return {
    calls,
    answering: observed.answering,
    asked: () => askedOf(world, kind).length,
    post: (streams, signal) =>
      fetch(`${url}${words.path}`, {
        method: 'POST',
        headers: jsonHeaders,
        body: JSON.stringify({ ...words.body(outputTokens), stream: streams }),
        ...(signal ? { signal } : {}),
      }),
  };
}

/** How the tests of one endpoint ask it. */
export interface Rows {
  readonly test: TestFn;
  readonly words: EndpointWords;
  readonly endpoint: (kind: Kind, how: string, options?: Options) => Promise<Asked>;
}

/** Every row of the charging table (`ops/charging.md`), of one endpoint before an upstream of each protocol. */
export function chargingRows(test: TestFn, words: EndpointWords): Rows {
  let world: World;
  test.before(async () => {
    const openAi = await paidMock();
    const anthropic = await startMockAnthropic();
    const gemini = await startMockGemini();
    const closers = [openAi.close, anthropic.close, gemini.close];
    world = { openAi, anthropic, gemini, closers, words };
  });
  test.after.always(async () => {
    for (const close of world.closers.toReversed()) await close();
  });
  const rows: Rows = {
    test,
    words,
    endpoint: (kind, how, options) => endpoint(world, kind, how, options),
  };
  for (const kind of ['openai', 'anthropic', 'gemini'] as const) {
    wholeAnswers(rows, kind);
    failuresBefore(rows, kind);
    brokenStreams(rows, kind);
    endsOfOurs(rows, kind);
    crashes(rows, kind);
  }
  return rows;
}

/** Reads a stream until it has said so many words. */
async function heard(words: EndpointWords, response: Response, most: number): Promise<void> {
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  while (words.wordsIn(text) < most) text += (await reader?.read())?.value ?? '';
}

async function failsWith(
  t: ExecutionContext,
  { end, failed }: EndpointWords,
  response: Response,
  status: number,
): Promise<void> {
  const text = await response.text();
  t.regex(text, failed(status));
  t.notRegex(text, end);
}

/** A test in which time runs out has the machine to itself. */
const limited = ({ test }: Rows, how: string) => (how.startsWith('hang') ? test.serial : test);

function wholeAnswers({ test, words, endpoint: open }: Rows, kind: Kind): void {
  for (const streams of [false, true]) {
    test(`${kind}: a complete answer is charged its usage (${streams})`, async (t) => {
      const { calls, post } = await open(kind, 'input=100&chunks=5&output=7');
      const text = await (await post(streams)).text();
      t.is(words.wordsIn(text), 5);
      t.regex(text, /"input_tokens":100/);
      const charge = cost(100, 7);
      await endsWith(t, calls, 'UsageSettled', { basis: 'usage', outcome: 'completed', charge });
    });

    for (const usage of ['no', 'rubbish']) {
      test(`${kind}: one without usable usage is counted (${usage}, ${streams})`, async (t) => {
        const { calls, post } = await open(kind, `chunks=6&usage=${usage}`);
        t.regex(await (await post(streams)).text(), /"output_tokens":6/);
        const charge = cost(helloTokens, 6);
        await endsWith(t, calls, 'UsageSettled', { basis: 'estimate', charge });
      });
    }
  }
}

function failuresBefore(rows: Rows, kind: Kind): void {
  const { test, words, endpoint: open } = rows;
  for (const streams of [false, true]) {
    for (const [how, status] of [
      ['status=500', 502],
      ['status=529', 502],
      ['status=400', 400],
      ['rubbish=first', 502],
      ['hang=headers', 504],
      ['hang=first', 504],
    ] as const) {
      const title = `${kind}: a failure before the first byte is free (${how}, ${streams})`;
      limited(rows, how)(title, async (t) => {
        const { calls, post } = await open(kind, how, { impatient: how.startsWith('hang') });
        await failsWith(t, words, await post(streams), status);
        await endsWith(t, calls, 'ReservationReleased', { asset: 'CNY' });
      });
    }

    test(`${kind}: a client that goes before the headers pays nothing (${streams})`, async (t) => {
      const { calls, post, asked } = await open(kind, 'hang=headers');
      const client = new AbortController();
      const before = asked();
      const call = post(streams, client.signal);
      await eventually(() => asked() > before);
      client.abort();
      await t.throwsAsync(call);
      await endsWith(t, calls, 'ReservationReleased', { outcome: 'client_closed' });
    });
  }
}

function brokenStreams(rows: Rows, kind: Kind): void {
  const { test, words, endpoint: open } = rows;
  for (const [how, status] of [
    ['cut=socket', 502],
    ['cut=early', 502],
    ['cut=error', 502],
    ['rubbish=mid', 502],
    ['hang=mid', 504],
  ] as const) {
    limited(rows, how)(`${kind}: a stream that breaks half-way is free (${how})`, async (t) => {
      const options = { impatient: how === 'hang=mid' };
      const { calls, post } = await open(kind, `${how}&chunks=6&delay=5`, options);
      const response = await post(true);
      t.is(response.status, 200);
      await failsWith(t, words, response, status);
      await endsWith(t, calls, 'ReservationReleased', { asset: 'CNY' });
    });
  }

  test(`${kind}: a connection that fails behind the last word takes nothing away`, async (t) => {
    const { calls, post } = await open(kind, 'chunks=6&cut=late');
    t.regex(await (await post(true)).text(), words.end);
    await endsWith(t, calls, 'UsageSettled', { outcome: 'completed' });
  });
}

function endsOfOurs({ test, words, endpoint: open }: Rows, kind: Kind): void {
  const counted = (outcome: string) => ({
    ...{ basis: 'estimate', outcome },
    charge: cost(helloTokens, 3),
  });

  test(`${kind}: a client that hangs up mid-stream pays input and what was received`, async (t) => {
    const { calls, post } = await open(kind, 'chunks=6&hang=mid');
    const client = new AbortController();
    await heard(words, await post(true, client.signal), 3);
    client.abort();
    await endsWith(t, calls, 'UsageSettled', counted('client_closed'));
  });

  test.serial(`${kind}: a call that takes too long pays what was delivered`, async (t) => {
    const { calls, post } = await open(kind, 'chunks=6&hang=mid', { totalMs: 1_500 });
    await failsWith(t, words, await post(true), 504);
    await endsWith(t, calls, 'UsageSettled', counted('timed_out'));
  });

  test(`${kind}: a shutdown charges what was delivered`, async (t) => {
    const { calls, post } = await open(kind, 'chunks=6&hang=mid');
    const response = await post(true);
    const [first, second] = response.body?.tee() ?? [];
    await heard(words, new Response(first), 3);
    await calls.metered.drain(50);
    await failsWith(t, words, new Response(second), 503);
    await endsWith(t, calls, 'UsageSettled', counted('shut_down'));
  });
}

function crashes({ test, words, endpoint: open }: Rows, kind: Kind): void {
  test(`${kind}: after our crash the usage in the journal is charged`, async (t) => {
    const { calls, post } = await open(kind, 'input=100&chunks=5', {
      patience: { journalMs: 50, answerMs: 60_000 },
    });
    const back = Promise.withResolvers<void>();
    calls.log.next.after = () => {
      calls.log.next.before = () => back.promise;
    };
    t.regex(await (await post(true)).text(), words.end);
    await crashed(calls);
    const [end] = calls.ends();
    t.is(end?.type, 'UsageSettled');
    t.like(end?.data, { basis: 'usage', swept: true, charge: cost(100, 5) });
    back.resolve();
    await eventually(() => calls.metered.inFlight() === 0);
  });

  test(`${kind}: after our crash input and the checkpointed output are charged`, async (t) => {
    const { calls, post } = await open(kind, 'chunks=1200&hang=mid', { outputTokens: 1_200 });
    const client = new AbortController();
    await heard(words, await post(true, client.signal), 600);
    // Anthropic's first event is no word, so its half is another one.
    const counted = () => [...calls.journal.notes.values()][0]?.counted?.usage.output;
    await eventually(() => counted() === 600);
    await crashed(calls);
    const [end] = calls.ends();
    t.like(end?.data, { basis: 'checkpoint', charge: cost(helloTokens, 600) });
    client.abort();
    await eventually(() => calls.metered.inFlight() === 0);
  });

  test(`${kind}: after our crash a call of which nothing is known costs nothing`, async (t) => {
    const { calls, post, asked } = await open(kind, 'hang=headers');
    const client = new AbortController();
    const before = asked();
    const call = post(false, client.signal);
    await eventually(() => asked() > before);
    await crashed(calls);
    const [end] = calls.ends();
    t.is(end?.type, 'ReservationExpired');
    t.like(end?.data, { basis: 'no_evidence' });
    client.abort();
    await t.throwsAsync(call);
  });
}

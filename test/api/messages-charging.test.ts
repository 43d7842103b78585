import type { ExecutionContext } from 'ava';
import test from 'ava';
import type { Json, Upstream, UpstreamAnswer } from '../../src/adapters/llm/upstream.ts';
import { eventually } from '../support/eventually.ts';
import { serveMessages, toAnthropic, toGemini } from '../support/messages-endpoint.ts';
import type { MockAnthropic } from '../support/mock-anthropic.ts';
import { startMockAnthropic } from '../support/mock-anthropic.ts';
import type { MockGemini } from '../support/mock-gemini.ts';
import { startMockGemini } from '../support/mock-gemini.ts';
import type { PaidCalls } from '../support/paid-calls.ts';
import { paidCalls } from '../support/paid-calls.ts';
import type { PaidMock } from '../support/paid-mock.ts';
import { adapter, cost, crashed, endsWith, paidMock, watched } from '../support/paid-mock.ts';

type Closing = Upstream & { close(): Promise<void> };
type Kind = 'openai' | 'anthropic' | 'gemini';

let openAi: PaidMock;
let anthropic: MockAnthropic;
let gemini: MockGemini;
const opened: Closing[] = [];
const closers: (() => void)[] = [];

test.before(async () => {
  openAi = await paidMock();
  anthropic = await startMockAnthropic();
  gemini = await startMockGemini();
});
test.after.always(async () => {
  for (const close of closers) close();
  await Promise.all(opened.map((each) => each.close()));
  await Promise.all([openAi.close(), anthropic.close(), gemini.close()]);
});

/** "Hello" and what a template puts around it; all mocks count as one family. */
const helloTokens = 8;

interface Asked {
  readonly calls: PaidCalls;
  /** Sends the one request; its events stream when they are asked to. */
  post(more?: Json, signal?: AbortSignal): Promise<Response>;
  /** Requests that reached the upstream. */
  asked(): number;
  /** What the upstream has begun to answer. */
  readonly answering: Promise<UpstreamAnswer>;
}

interface Options extends Partial<Parameters<typeof paidCalls>[0]> {
  readonly impatient?: boolean;
}

function upstreamOf(kind: Kind, silenceMs: number): Closing {
  switch (kind) {
    case 'openai':
      return adapter(`${openAi.mock.url}/v1`, silenceMs);
    case 'anthropic':
      return { ...toAnthropic(anthropic.url, silenceMs), id: 'mock' };
    case 'gemini':
      return { ...toGemini(gemini.url, silenceMs), id: 'mock' };
  }
}

const askedOf = (kind: Kind): readonly unknown[] =>
  ({ openai: openAi.mock, anthropic, gemini })[kind].asked;

/** The endpoint before an upstream of some protocol, which behaves as its model's name says. */
async function endpoint(kind: Kind, how: string, options: Options = {}): Promise<Asked> {
  const { impatient = false, ...more } = options;
  const silenceMs = impatient ? 1_000 : 20_000;
  const upstream = upstreamOf(kind, silenceMs);
  opened.push(upstream);
  const models = [{ upstream: 'mock', model: `gpt-4o?${how}` }];
  const observed = watched(upstream);
  const calls = await paidCalls({ upstreams: [observed.upstream], models, ...more });
  const { url, close } = await serveMessages(calls);
  closers.push(close);
  return {
    calls,
    answering: observed.answering,
    asked: () => askedOf(kind).length,
    post: (body = {}, signal) =>
      fetch(`${url}/v1/messages`, {
        method: 'POST',
        headers: { 'x-api-key': 'sk-good', 'content-type': 'application/json' },
        body: JSON.stringify({
          model: 'demo',
          max_tokens: 64,
          messages: [{ role: 'user', content: 'Hello' }],
          ...body,
        }),
        ...(signal ? { signal } : {}),
      }),
  };
}

const stream: Json = { stream: true };
const wordsIn = (text: string): number => text.split(' word').length - 1;

/** Reads a stream until it has said so many words. */
async function heard(response: Response, words: number): Promise<void> {
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  while (wordsIn(text) < words) text += (await reader?.read())?.value ?? '';
}

/** A client that goes when it has heard so many words. */
async function leavesAfter({ post }: Asked, words: number, more: Json = stream): Promise<void> {
  const client = new AbortController();
  await heard(await post(more, client.signal), words);
  client.abort();
}

async function failsWith(t: ExecutionContext, response: Response, type: string): Promise<void> {
  const text = await response.text();
  t.regex(text, new RegExp(`"type":"error","error":\\{"type":"${type}"`));
  t.notRegex(text, /message_stop|"stop_reason":"end_turn"/);
}

for (const kind of ['openai', 'anthropic', 'gemini'] as const) {
  const name = `${kind} upstream:`;
  /** A test in which time runs out has the machine to itself. */
  const limited = (how: string) => (how.startsWith('hang') ? test.serial : test);

  for (const streams of [false, true]) {
    test(`${name} a complete answer is charged its usage (${streams})`, async (t) => {
      const { calls, post } = await endpoint(kind, 'input=100&chunks=5&output=7');
      const text = await (await post({ stream: streams })).text();
      t.is(wordsIn(text), 5);
      t.regex(text, /"input_tokens":100/);
      const charge = cost(100, 7);
      await endsWith(t, calls, 'UsageSettled', { basis: 'usage', outcome: 'completed', charge });
    });

    for (const usage of ['no', 'rubbish']) {
      test(`${name} one without usable usage is counted (${usage}, ${streams})`, async (t) => {
        const { calls, post } = await endpoint(kind, `chunks=6&usage=${usage}`);
        t.regex(await (await post({ stream: streams })).text(), /"output_tokens":6/);
        const charge = cost(helloTokens, 6);
        await endsWith(t, calls, 'UsageSettled', { basis: 'estimate', charge });
      });
    }

    for (const [how, type] of [
      ['status=500', 'api_error'],
      ['status=529', 'api_error'],
      ['status=400', 'invalid_request_error'],
      ['rubbish=first', 'api_error'],
      ['hang=headers', 'timeout_error'],
      ['hang=first', 'timeout_error'],
    ] as const) {
      limited(how)(
        `${name} a failure before the first byte is free (${how}, ${streams})`,
        async (t) => {
          const { calls, post } = await endpoint(kind, how, { impatient: how.startsWith('hang') });
          await failsWith(t, await post({ stream: streams }), type);
          await endsWith(t, calls, 'ReservationReleased', { asset: 'CNY' });
        },
      );
    }

    test(`${name} a client that goes before the headers pays nothing (${streams})`, async (t) => {
      const { calls, post, asked } = await endpoint(kind, 'hang=headers');
      const client = new AbortController();
      const before = asked();
      const call = post({ stream: streams }, client.signal);
      await eventually(() => asked() > before);
      client.abort();
      await t.throwsAsync(call);
      await endsWith(t, calls, 'ReservationReleased', { outcome: 'client_closed' });
    });
  }

  for (const [how, type] of [
    ['cut=socket', 'api_error'],
    ['cut=early', 'api_error'],
    ['cut=error', 'api_error'],
    ['rubbish=mid', 'api_error'],
    ['hang=mid', 'timeout_error'],
  ] as const) {
    limited(how)(`${name} a stream that breaks half-way is free (${how})`, async (t) => {
      const options = { impatient: how === 'hang=mid' };
      const { calls, post } = await endpoint(kind, `${how}&chunks=6&delay=5`, options);
      const response = await post(stream);
      t.is(response.status, 200);
      await failsWith(t, response, type);
      await endsWith(t, calls, 'ReservationReleased', { asset: 'CNY' });
    });
  }

  test(`${name} a connection that fails behind the last word takes nothing away`, async (t) => {
    const { calls, post } = await endpoint(kind, 'chunks=6&cut=late');
    t.regex(await (await post(stream)).text(), /message_stop/);
    await endsWith(t, calls, 'UsageSettled', { outcome: 'completed' });
  });

  test(`${name} a client that hangs up mid-stream pays input and what was received`, async (t) => {
    const asked = await endpoint(kind, 'chunks=6&hang=mid');
    await leavesAfter(asked, 3);
    await endsWith(t, asked.calls, 'UsageSettled', {
      basis: 'estimate',
      outcome: 'client_closed',
      charge: cost(helloTokens, 3),
    });
  });

  test.serial(`${name} a call that takes too long pays what was delivered`, async (t) => {
    const { calls, post } = await endpoint(kind, 'chunks=6&hang=mid', { totalMs: 1_500 });
    await failsWith(t, await post(stream), 'timeout_error');
    await endsWith(t, calls, 'UsageSettled', {
      basis: 'estimate',
      outcome: 'timed_out',
      charge: cost(helloTokens, 3),
    });
  });

  test(`${name} a shutdown charges what was delivered`, async (t) => {
    const { calls, post } = await endpoint(kind, 'chunks=6&hang=mid');
    const response = await post(stream);
    const [first, second] = response.body?.tee() ?? [];
    await heard(new Response(first), 3);
    await calls.metered.drain(50);
    await failsWith(t, new Response(second), 'overloaded_error');
    await endsWith(t, calls, 'UsageSettled', {
      basis: 'estimate',
      outcome: 'shut_down',
      charge: cost(helloTokens, 3),
    });
  });

  test(`${name} after our crash the usage in the journal is charged`, async (t) => {
    const { calls, post } = await endpoint(kind, 'input=100&chunks=5', {
      patience: { journalMs: 50, answerMs: 60_000 },
    });
    const back = Promise.withResolvers<void>();
    calls.log.next.after = () => {
      calls.log.next.before = () => back.promise;
    };
    t.regex(await (await post(stream)).text(), /message_stop/);
    await crashed(calls);
    const [end] = calls.ends();
    t.is(end?.type, 'UsageSettled');
    t.like(end?.data, { basis: 'usage', swept: true, charge: cost(100, 5) });
    back.resolve();
    await eventually(() => calls.metered.inFlight() === 0);
  });

  test(`${name} after our crash input and the checkpointed output are charged`, async (t) => {
    const { calls, post } = await endpoint(kind, 'chunks=1200&hang=mid');
    const client = new AbortController();
    const asked = { ...stream, max_tokens: 1_200 };
    await heard(await post(asked, client.signal), 600);
    // Anthropic's first event is no word, so its half is another one.
    const counted = () => [...calls.journal.notes.values()][0]?.counted?.usage.output;
    await eventually(() => counted() === 600);
    await crashed(calls);
    const [end] = calls.ends();
    t.like(end?.data, { basis: 'checkpoint', charge: cost(helloTokens, 600) });
    client.abort();
    await eventually(() => calls.metered.inFlight() === 0);
  });

  test(`${name} after our crash a call of which nothing is known costs nothing`, async (t) => {
    const { calls, post, asked } = await endpoint(kind, 'hang=headers');
    const client = new AbortController();
    const before = asked();
    const call = post({}, client.signal);
    await eventually(() => asked() > before);
    await crashed(calls);
    const [end] = calls.ends();
    t.is(end?.type, 'ReservationExpired');
    t.like(end?.data, { basis: 'no_evidence' });
    client.abort();
    await t.throwsAsync(call);
  });
}

test('a client that leaves a body of Anthropic’s in the middle pays what had come of it', async (t) => {
  const { calls, post, answering } = await endpoint('anthropic', 'chunks=6&hang=mid');
  const client = new AbortController();
  const call = post({}, client.signal);
  const answer = await answering;
  await eventually(() => !answer.stream && answer.partial().includes(' word word'));
  client.abort();
  await t.throwsAsync(call);
  await endsWith(t, calls, 'UsageSettled', {
    basis: 'estimate',
    outcome: 'client_closed',
    charge: cost(helloTokens, 2),
  });
});

test('what Anthropic read from its cache is charged as cached, what it wrote into one as input', async (t) => {
  const how = 'input=100&cached=40&written=7&output=9&thinking=2';
  const { calls, post } = await endpoint('anthropic', how);
  t.regex(
    await (await post()).text(),
    /"input_tokens":100,"cache_creation_input_tokens":7,"cache_read_input_tokens":40,"output_tokens":9/,
  );
  await endsWith(t, calls, 'UsageSettled', {
    charge: cost(107, 9, 40),
    usage: { input: 100, cachedInput: 40, cacheWrite: 7, output: 7, reasoning: 2 },
  });
});

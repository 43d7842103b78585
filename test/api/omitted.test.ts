import type { ExecutionContext } from 'ava';
import test from 'ava';
import type { Json } from '../../src/adapters/llm/upstream.ts';
import type { MockAnthropic } from '../support/mock-anthropic.ts';
import { startMockAnthropic } from '../support/mock-anthropic.ts';
import type { MockGemini } from '../support/mock-gemini.ts';
import { startMockGemini } from '../support/mock-gemini.ts';
import { paidCalls } from '../support/paid-calls.ts';
import type { PaidMock } from '../support/paid-mock.ts';
import { paidMock } from '../support/paid-mock.ts';
import { toAnthropic, toGemini } from '../support/upstreams-at.ts';
import { jsonHeaders, serveV1 } from '../support/v1-server.ts';

let claude: MockAnthropic;
let google: MockGemini;
let openAi: PaidMock;
let upstreams: readonly [ReturnType<typeof toAnthropic>, ReturnType<typeof toGemini>];
test.before(async () => {
  [claude, google, openAi] = await Promise.all([
    ...([startMockAnthropic(), startMockGemini(), paidMock()] as const),
  ]);
  upstreams = [toAnthropic(claude.url), toGemini(google.url)];
});
test.after.always(async () => {
  await Promise.all(upstreams.map((upstream) => upstream.close()));
  await Promise.all([claude.close(), google.close(), openAi.close()]);
});

type Options = Partial<Parameters<typeof paidCalls>[0]>;

/** Calls of what is behind `names`, asked in this order: `claude`, `gemini`, or `mock` for OpenAI's protocol. */
const on = (names: readonly string[], options: Options = {}) =>
  paidCalls({
    upstreams: [...upstreams, openAi.adapter],
    models: names.map((upstream) => ({ upstream, model: `${upstream}?chunks=1` })),
    ...options,
  });

interface Asked extends Options {
  readonly path?: string;
  readonly names?: readonly string[];
}

/** Its status, and what its answer says was ignored. */
async function ask(t: ExecutionContext, more: Json, { path, names, ...options }: Asked = {}) {
  const url = await serveV1(t, await on(names ?? ['claude'], options));
  const messages = [{ role: 'user', content: 'Hello' }];
  const response = await fetch(`${url}${path ?? '/v1/chat/completions'}`, {
    method: 'POST',
    headers: { ...jsonHeaders, 'x-api-key': 'sk-good' },
    body: JSON.stringify({ model: 'demo', messages, ...more }),
  });
  await response.text();
  return [response.status, response.headers.get('x-ignored-parameters')];
}

const usual = {
  response_format: { type: 'json_object' },
  ...{ frequency_penalty: 0.5, presence_penalty: 0.5, logprobs: true, seed: 7 },
};

for (const stream of [false, true]) {
  test(`fields that Claude has no word for fail no call, and are named, stream ${stream}`, async (t) => {
    for (const [field, value] of Object.entries({ ...usual, foo: 'bar' })) {
      t.deepEqual(await ask(t, { [field]: value, stream }), [200, field]);
    }
    t.deepEqual(await ask(t, { stream }), [200, null]);
  });
}

test('Gemini is told what it has a word for', async (t) => {
  const asked = await ask(t, { ...usual, logit_bias: { 1: 1 }, foo: 1 }, { names: ['gemini'] });
  t.deepEqual(asked, [200, 'logit_bias, foo']);
});

test('what would be another answer is refused', async (t) => {
  const schema = { type: 'object', properties: {} };
  t.is((await ask(t, { n: 2 }))[0], 400);
  t.is((await ask(t, { functions: [{ name: 'f', parameters: schema }] }))[0], 400);
});

test('whoever can be told all that is wished goes first', async (t) => {
  const names = ['claude', 'mock'];
  t.deepEqual(await ask(t, { frequency_penalty: 0.5 }, { names }), [200, null]);
  t.deepEqual(await ask(t, { foo: 'bar' }, { names }), [200, null]);
  // A hint is not worth another order.
  t.deepEqual(await ask(t, { seed: 7 }, { names }), [200, 'seed']);
});

test('whoever leaves something out answers when the others don’t', async (t) => {
  const models = [
    { upstream: 'claude', model: 'claude?chunks=1' },
    { upstream: 'mock', model: 'mock?status=500' },
  ];
  t.deepEqual(await ask(t, { foo: 'bar' }, { models }), [200, 'foo']);
});

test('what an alias wishes fails no call, moves none, and is no member’s to hear of', async (t) => {
  const alias = { sampling: { frequency_penalty: 0.5, seed: 7 } };
  t.deepEqual(await ask(t, {}, { alias }), [200, null]);
  t.deepEqual(await ask(t, { seed: 1 }, { alias, names: ['claude', 'mock'] }), [200, 'seed']);
});

test('each kind of request names its own fields', async (t) => {
  const text = { format: { type: 'json_object' }, verbosity: 'low' };
  const path = '/v1/responses';
  for (const stream of [false, true]) {
    const [status, ignored] = await ask(
      t,
      { messages: undefined, input: 'Hello', text, stream },
      { path },
    );
    t.is(status, 200);
    t.deepEqual(String(ignored).split(', ').sort(), ['text.format', 'text.verbosity']);
    const named = { max_tokens: 64, metadata: { user_id: 'u-1' }, stream };
    const asked = await ask(t, named, { path: '/v1/messages', names: ['gemini'] });
    t.deepEqual(asked, [200, 'metadata.user_id']);
  }
});

test('a field may have any name, and any number of others beside it', async (t) => {
  t.deepEqual(await ask(t, { 'a\r\nx-b: 1': 1 }), [200, 'a%0D%0Ax-b%3A%201']);
  t.deepEqual(await ask(t, { '\ud800': 1 }), [200, '%EF%BF%BD']);
  const many = Object.fromEntries(
    Array.from({ length: 500 }, (_, n) => [`${n}-`.repeat(50), n + 1]),
  );
  const [status, ignored] = await ask(t, many);
  t.is(status, 200);
  t.true(String(ignored).length < 4_000);
});

import test from 'ava';
import { CallFault } from '../../../src/adapters/llm/call-fault.ts';
import { openAiUpstream } from '../../../src/adapters/llm/openai.ts';
import { refusal } from '../../../src/adapters/llm/refusal.ts';
import type { Json, Upstream } from '../../../src/adapters/llm/upstream.ts';
import { askChat, readChat } from '../../support/asking.ts';
import { eventually } from '../../support/eventually.ts';
import type { MockUpstream } from '../../support/mock-upstream.ts';
import { startMockUpstream } from '../../support/mock-upstream.ts';
import type { Failure } from './http-upstream.contract.ts';
import { httpUpstreamContract } from './http-upstream.contract.ts';
import { upstreamContract } from './upstream.contract.ts';

const secret = 'sk-provider-secret';
let mock: MockUpstream;
let upstream: ReturnType<typeof openAiUpstream>;

let impatient: ReturnType<typeof openAiUpstream>;

const patient = { connectMs: 5_000, firstTokenMs: 20_000, wholeMs: 20_000, idleMs: 20_000 };
const toMock = (
  outputLimit: 'max_tokens' | 'max_completion_tokens',
  { url = mock.url, timeouts = patient } = {},
) =>
  openAiUpstream({
    id: 'openai_like',
    baseUrl: `${url}/v1`,
    apiKey: secret,
    outputLimit,
    timeouts,
  });

test.before(async () => {
  mock = await startMockUpstream();
  upstream = toMock('max_tokens');
  impatient = toMock('max_tokens', {
    timeouts: { connectMs: 5_000, firstTokenMs: 1_000, wholeMs: 1_000, idleMs: 1_000 },
  });
});
test.after.always(async () => {
  await Promise.all([upstream.close(), impatient.close()]);
  await mock.close();
});

upstreamContract(test, {
  upstream: () => upstream,
  model: 'gpt-4o?chunks=8',
  longModel: 'gpt-4o?chunks=1000&delay=5',
});

const failures: readonly Failure[] = [
  ['status=503', 'upstream_failed', true],
  ['status=429', 'upstream_limited', true],
  ['status=401', 'upstream_failed', true],
  ['status=404', 'upstream_failed', true],
  ['status=400', 'upstream_refused', false],
  ['status=422', 'upstream_refused', false],
];

httpUpstreamContract(test, {
  upstream: () => upstream,
  impatient: () => impatient,
  abandoned: () => mock.abandoned(),
  failures,
  telling: /secret|mock|127\.0\.0\.1|openai/i,
});

const read = (model: string, more: Json = {}, of: Upstream = upstream) => readChat(of, model, more);

const contentOf = (chunks: readonly Json[]): string =>
  chunks.map((chunk) => JSON.parse(JSON.stringify(chunk)).choices[0]?.delta.content ?? '').join('');

for (const how of [
  'split=1&chunks=2&text=%E4%BD%A0%F0%9F%91%8B',
  'split=7&newline=crlf&comments=yes&text=%E4%BD%A0',
  'split=3&newline=cr&text=%20a',
  'mark=no&text=x',
  'huge=200000&chunks=2&split=5000',
]) {
  test(`a stream arrives as it was written: ${how}`, async (t) => {
    const { text, huge, chunks } = Object.fromEntries(new URLSearchParams(how));
    const one = huge === undefined ? text : 'x'.repeat(Number(huge));
    const got = await read(`m?${how}`, { stream: true });
    t.is(contentOf(got), (one ?? '').repeat(Number(chunks ?? 4)));
  });
}

test('an upstream that cannot be reached is a fault another one may not have', async (t) => {
  const nobody = toMock('max_tokens', { url: 'http://127.0.0.1:9' });
  const fault = await t.throwsAsync(read('m', {}, nobody), { instanceOf: CallFault });
  t.is(fault?.code, 'upstream_failed');
  t.true(fault?.retryable);
  await nobody.close();
});

test.serial('time that nobody reads in is not the upstream’s', async (t) => {
  const answer = await askChat(impatient, 'm?chunks=4&delay=10', { stream: true });
  if (!answer.stream) throw new Error('It was to stream.');
  const chunks = answer.chunks[Symbol.asyncIterator]();
  await chunks.next();
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  let last = await chunks.next();
  while (!last.done) last = await chunks.next();
  t.true(last.done);
});

test('a harmless refusal is passed on with its field, a telling one is not', async (t) => {
  const refused = (message: string) =>
    t.throwsAsync(
      read(`inner-model?${new URLSearchParams({ status: '400', message, param: 'top_p' })}`),
      { instanceOf: CallFault },
    );
  const harmless = await refused('top_p must be at most 1.');
  t.deepEqual(harmless?.values, { message: 'top_p must be at most 1.' });
  t.is(harmless?.param, 'top_p');
  for (const telling of [
    `This is not for ${secret}`,
    'See https://example.com/limits',
    'Your organization must be verified',
    'The OpenAI deployment does not know it',
  ]) {
    t.deepEqual((await refused(telling))?.values, {});
  }
  t.deepEqual((await refused(`Incorrect API key provided: ${secret}`))?.values, {});
});

test('a refusal passes in plain words of validation alone, whoever is named in others', (t) => {
  const said = (message: string, param = 'top_p') => {
    const body = JSON.stringify({ error: { message, param } });
    const { values, param: field } = refusal(400, body, { model: 'inner-model' });
    const { message: passed } = values;
    return [passed === message, field];
  };
  t.deepEqual(said("Invalid 'messages[0].content': it must not be empty."), [true, 'top_p']);
  t.deepEqual(said('`max_tokens` is too large: 200000 exceeds 8192', 'max_tokens'), [
    true,
    'max_tokens',
  ]);
  t.deepEqual(said('Acme may not set top_p'), [false, 'top_p']);
  t.deepEqual(said('Not for 4711471147114711'), [false, 'top_p']);
  t.deepEqual(said('Nur für Acme'), [false, 'top_p']);
  t.deepEqual(said('Invalid value.', 'tools[0].function.name'), [true, 'tools[0].function.name']);
  t.deepEqual(said('Invalid value.', 'acme'), [true, undefined]);
});

test('a refusal that names the upstream’s model is not passed on', (t) => {
  const body = JSON.stringify({ error: { message: 'inner-model has no top_p', param: 'top_p' } });
  const fault = refusal(400, body, { model: 'inner-model' });
  t.deepEqual(fault.values, {});
  t.is(fault.param, 'top_p');
});

test('the output limit goes out in the one field that the upstream heeds', async (t) => {
  const newer = toMock('max_completion_tokens');
  await read('limits-old', { max_completion_tokens: 7, temperature: 0, extra: { a: 1 } });
  await read('limits-new', { max_tokens: 7 }, newer);
  await newer.close();
  const sent = (model: string) => mock.asked.find((each) => each.model === model);
  t.like(sent('limits-old'), { max_tokens: 100, temperature: 0, extra: { a: 1 } });
  t.is(sent('limits-old')?.max_completion_tokens, undefined);
  t.like(sent('limits-new'), { max_completion_tokens: 100 });
  t.is(sent('limits-new')?.max_tokens, undefined);
});

test('usage is asked of every stream, beside what the member wished', async (t) => {
  await read('wishes', { stream: true, stream_options: { include_obfuscation: false } });
  const sent = mock.asked.find(({ model }) => model === 'wishes');
  t.deepEqual(sent?.stream_options, { include_obfuscation: false, include_usage: true });
});

test('an abort before the headers reaches the upstream', async (t) => {
  const abort = new AbortController();
  const before = mock.abandoned();
  const asked = upstream.ask({
    endpoint: 'chat',
    model: 'gone?hang=headers',
    body: { messages: [{ role: 'user', content: 'Hello' }] },
    stream: true,
    maxOutput: 10,
    signal: abort.signal,
  });
  await eventually(() => mock.asked.some(({ model }) => model.startsWith('gone')));
  abort.abort();
  await t.throwsAsync(asked, { instanceOf: CallFault });
  await eventually(() => mock.abandoned() > before);
});

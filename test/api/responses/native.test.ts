import test from 'ava';
import { openAiUpstream } from '../../../src/adapters/llm/openai.ts';
import type { Json } from '../../../src/adapters/llm/upstream.ts';
import { assertMatches, mismatches } from '../../openai/schemas.ts';
import { eventually } from '../../support/eventually.ts';
import type { MockResponses } from '../../support/mock-responses.ts';
import { startMockResponses } from '../../support/mock-responses.ts';
import { aPdf, paidCalls } from '../../support/paid-calls.ts';
import type { PaidMock } from '../../support/paid-mock.ts';
import { adapter, cost, endsWith, paidMock, watched } from '../../support/paid-mock.ts';
import { jsonHeaders, startV1 } from '../../support/v1-server.ts';

let native: MockResponses;
let chat: PaidMock;
const closers: (() => unknown)[] = [];

test.before(async () => {
  native = await startMockResponses();
  chat = await paidMock();
  closers.push(native.close, chat.close);
  for (const name of ['Response', 'ResponseStreamEvent']) mismatches(name, {});
});
test.after.always(async () => {
  for (const close of closers.toReversed()) await close();
});

/** The endpoint before an upstream that speaks Responses, and one behind it that doesn't. */
async function serve(how: string, options: Partial<Parameters<typeof paidCalls>[0]> = {}) {
  const speaking = openAiUpstream({
    ...{ id: 'native', baseUrl: `${native.url}/v1`, apiKey: 'sk-secret', responses: true },
    ...{ outputLimit: 'max_completion_tokens' },
    timeouts: { connectMs: 5_000, firstTokenMs: 20_000, wholeMs: 20_000, idleMs: 20_000 },
  });
  const other = adapter(`${chat.mock.url}/v1`, 20_000);
  const observed = watched(speaking);
  const calls = await paidCalls({
    upstreams: [observed.upstream, other],
    models: [
      { upstream: 'native', model: `gpt-4o?${how}` },
      { upstream: 'mock', model: 'gpt-4o?chunks=3' },
    ],
    ...options,
  });
  const { url, close } = await startV1(calls);
  closers.push(
    () => speaking.close(),
    () => other.close(),
    close,
  );
  return { calls, answering: observed.answering, post: postTo(url) };
}

const postTo = (url: string) => (more: Json, signal?: AbortSignal) =>
  fetch(`${url}/v1/responses`, {
    method: 'POST',
    headers: jsonHeaders,
    body: JSON.stringify({ model: 'demo', input: 'Hello', ...more }),
    ...(signal ? { signal } : {}),
  });

const eventsIn = (text: string): readonly Json[] =>
  [...text.matchAll(/^data: (.*)$/gm)].map(([, data = '']) => JSON.parse(data));

/** None of it may reach a member. */
const telling = /canary|gpt-4o|fp_|sk-secret|127\.0\.0\.1/;
const lastAsked = (how: string) => native.asked.findLast(({ model }) => model === `gpt-4o?${how}`);

test('a response passes as its upstream says it, under our name, and is charged', async (t) => {
  const how = 'input=100&chunks=5&output=7';
  const { calls, post } = await serve(how);
  const response = await post({ top_k: 3, max_output_tokens: 50, store: true });
  const text = await response.text();
  t.notRegex(text, telling);
  const body = JSON.parse(text);
  assertMatches('Response', body);
  t.regex(body.id, /^resp_[0-9a-f]{32}$/);
  t.like(body, {
    model: 'demo',
    output: [{ id: 'msg_0123456789abcdef', content: [{ text: ' word'.repeat(5) }] }],
    usage: { input_tokens: 100, output_tokens: 7, total_tokens: 107 },
  });
  t.like(lastAsked(how), {
    ...{ path: '/v1/responses', top_k: 3, max_output_tokens: 50, store: false, stream: false },
  });
  await endsWith(t, calls, 'UsageSettled', { basis: 'usage', charge: cost(100, 7) });
});

test('a file passes as it came to who speaks Responses, and in a chat’s words to another', async (t) => {
  const { file } = aPdf;
  const part = { type: 'input_file', ...file };
  const input = [{ role: 'user', content: [part, { type: 'input_text', text: 'Hm?' }] }];
  const how = 'input=100&chunks=5';
  const first = await serve(how, { maxInputTokens: 5_000 });
  t.is((await first.post({ input })).status, 200);
  t.like(lastAsked(how), { input });
  const reserved = first.calls.log.events.find(({ type }) => type === 'CreditReserved');
  t.like(reserved?.data, { tokens: `${5_000 + 64}` });
  const second = await serve('status=500', { maxInputTokens: 5_000 });
  t.is((await second.post({ input })).status, 200);
  const { messages } = JSON.parse(JSON.stringify(chat.mock.asked.at(-1)));
  t.deepEqual(messages, [{ role: 'user', content: [aPdf, { type: 'text', text: 'Hm?' }] }]);
});

test('a stream’s events pass one for one, and the last one waits for the charge', async (t) => {
  const { calls, post } = await serve('input=9&chunks=3');
  const held = Promise.withResolvers<void>();
  calls.log.next.after = () => {
    calls.log.next.before = () => held.promise;
  };
  const response = await post({ stream: true });
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  while (!text.includes('output_item.done')) text += (await reader?.read())?.value ?? '';
  await eventually(() => calls.log.next.before === undefined);
  t.false(text.includes('response.completed'));
  held.resolve();
  for (let next = await reader?.read(); next && !next.done; next = await reader?.read()) {
    text += next.value;
  }
  t.notRegex(text, telling);
  const events = eventsIn(text);
  for (const event of events) assertMatches('ResponseStreamEvent', event);
  t.deepEqual(
    events.map(({ sequence_number: number }) => number),
    events.map((_, at) => at),
  );
  t.deepEqual(
    events.map(({ type }) => type),
    [
      ...['response.created', 'response.in_progress', 'response.output_item.added'],
      'response.content_part.added',
      ...Array.from({ length: 3 }, () => 'response.output_text.delta'),
      ...['response.output_text.done', 'response.content_part.done'],
      ...['response.output_item.done', 'response.completed'],
    ],
  );
  t.like(events.at(-1), { response: { model: 'demo', usage: { input_tokens: 9 } } });
  await endsWith(t, calls, 'UsageSettled', { basis: 'usage', charge: cost(9, 3) });
});

test('an answer without usage is counted, and says what was charged', async (t) => {
  for (const stream of [false, true]) {
    const { calls, post } = await serve('chunks=6&usage=no');
    t.regex(await (await post({ stream })).text(), /"input_tokens":8,.*"output_tokens":6/);
    await endsWith(t, calls, 'UsageSettled', { basis: 'estimate', charge: cost(8, 6) });
  }
});

for (const how of ['cut=socket', 'cut=error']) {
  test(`a stream that breaks half-way is free, and an error (${how})`, async (t) => {
    const { calls, post } = await serve(`chunks=4&delay=100&${how}`);
    const text = await (await post({ stream: true })).text();
    t.notRegex(text, telling);
    const events = eventsIn(text);
    for (const event of events) assertMatches('ResponseStreamEvent', event);
    t.is(events.at(-2)?.type, 'response.failed');
    t.like(events.at(-1), { type: 'error', code: 'upstream_error' });
    await endsWith(t, calls, 'ReservationReleased', { outcome: 'upstream_failed' });
  });
}

test('an upstream that fails is followed by one that speaks only chat, under one hold', async (t) => {
  for (const stream of [false, true]) {
    const { calls, post } = await serve('status=500', { retrying: { retries: 0 } });
    const text = await (await post({ stream })).text();
    if (stream) for (const event of eventsIn(text)) assertMatches('ResponseStreamEvent', event);
    else assertMatches('Response', JSON.parse(text));
    t.regex(text, /"status":"completed"/);
    t.notRegex(text, telling);
    await endsWith(t, calls, 'UsageSettled', { upstream: 'mock', charge: cost(10, 3) });
    t.is(calls.log.events.filter(({ type }) => type === 'CreditReserved').length, 1);
  }
});

test('one that speaks only chat is followed by one that speaks Responses', async (t) => {
  const models = [
    { upstream: 'mock', model: 'gpt-4o?status=500' },
    { upstream: 'native', model: 'gpt-4o?chunks=2' },
  ];
  const { calls, post } = await serve('', { models, retrying: { retries: 0 } });
  t.like(await (await post({})).json(), { output: [{ id: 'msg_0123456789abcdef' }] });
  await endsWith(t, calls, 'UsageSettled', { upstream: 'native', charge: cost(10, 2) });
});

test('a client that leaves in the middle pays what had come', async (t) => {
  for (const stream of [false, true]) {
    const { calls, post, answering } = await serve('chunks=4&hang=mid');
    const client = new AbortController();
    const call = post({ stream }, client.signal);
    if (stream) {
      const reader = (await call).body?.pipeThrough(new TextDecoderStream()).getReader();
      let text = '';
      while (text.split('" word"').length < 3) text += (await reader?.read())?.value ?? '';
      client.abort();
    } else {
      const answer = await answering;
      await eventually(() => !answer.stream && answer.partial().includes(' word word'));
      client.abort();
      await t.throwsAsync(call);
    }
    await endsWith(t, calls, 'UsageSettled', { outcome: 'client_closed', charge: cost(8, 2) });
  }
});

test('a call that is paid in characters is asked as chat, where it can be cut', async (t) => {
  const models = [{ upstream: 'native', model: 'gpt-4o?characters' }];
  const { post } = await serve('', { models, credit: { characters: '1000' } });
  t.is((await post({ max_output_tokens: 2 })).status, 502);
  t.is(lastAsked('characters')?.path, '/v1/chat/completions');
});

test('a wish to be told the charge is granted, and not passed on', async (t) => {
  const how = 'chunks=1&input=4';
  const { post } = await serve(how);
  const wish = { stream: true, stream_options: { include_cost: true } };
  t.regex(await (await post(wish)).text(), /"cost":"[\d.]+","cost_currency":/);
  t.deepEqual(lastAsked(how)?.stream_options, {});
});

test('what only we know does not reach an upstream that speaks Responses', async (t) => {
  const how = 'chunks=1&input=3';
  const { post } = await serve(how);
  const ours = `thought.${Buffer.from('{"signature":"s"}').toString('base64url')}`;
  const thought = { type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: 'gAAAAB' };
  const call = { type: 'function_call', call_id: 'c', name: 'f', arguments: '{}' };
  const result = { type: 'function_call_output', call_id: 'c', output: 'Done.' };
  await post({
    input: [
      { role: 'user', content: 'Hello' },
      { role: 'assistant', content: 'Hi' },
      ...[
        thought,
        { ...thought, encrypted_content: ours },
        { ...thought, encrypted_content: null },
      ],
      ...[{ ...call, id: 'fc_1', status: 'completed' }, result],
    ],
  });
  const { id: _, ...kept } = thought;
  const { input }: Json = lastAsked(how) ?? {};
  t.deepEqual(input, [
    { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'Hello' }] },
    {
      ...{ type: 'message', role: 'assistant' },
      content: [{ type: 'output_text', text: 'Hi', annotations: [] }],
    },
    kept,
    { ...call, status: 'completed' },
    { ...result, output: [{ type: 'input_text', text: 'Done.' }] },
  ]);
});

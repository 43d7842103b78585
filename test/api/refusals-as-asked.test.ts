import type { ExecutionContext } from 'ava';
import test from 'ava';
import { z } from 'zod';
import type { Json } from '../../src/adapters/llm/upstream.ts';
import type { MockAnthropic } from '../support/mock-anthropic.ts';
import { startMockAnthropic } from '../support/mock-anthropic.ts';
import { paidCalls } from '../support/paid-calls.ts';
import type { PaidMock } from '../support/paid-mock.ts';
import { paidMock } from '../support/paid-mock.ts';
import { toAnthropic } from '../support/upstreams-at.ts';
import { jsonHeaders, serveV1 } from '../support/v1-server.ts';

let openAi: PaidMock;
let claude: MockAnthropic;
let toClaude: ReturnType<typeof toAnthropic>;
test.before(async () => {
  [openAi, claude] = await Promise.all([paidMock(), startMockAnthropic()]);
  toClaude = toAnthropic(claude.url);
});
test.after.always(async () => {
  await toClaude.close();
  await Promise.all([openAi.close(), claude.close()]);
});

const Refusal = z.object({
  error: z.looseObject({ message: z.string(), param: z.string().nullish() }),
});

type Alias = NonNullable<Parameters<typeof paidCalls>[0]['alias']>;

interface Case {
  readonly path?: string;
  readonly body: Json;
  readonly alias?: Alias;
  /** What the upstream refuses with, and of which field. */
  readonly says?: string;
  readonly of?: string;
  readonly upstream?: 'mock' | 'claude';
}

/** What a member is told of a request that is refused. */
async function refused(t: ExecutionContext, asked: Case) {
  const { path = '/v1/chat/completions', body, alias, says, of, upstream = 'mock' } = asked;
  const query = new URLSearchParams({
    ...(says === undefined ? {} : { status: '400', message: says }),
    ...(of === undefined ? {} : { param: of }),
  });
  const calls = await paidCalls({
    upstreams: [openAi.adapter, toClaude],
    models: [
      { upstream, model: `gpt-4o?${decodeURIComponent(query.toString().replaceAll('+', ' '))}` },
    ],
    ...(alias ? { alias } : {}),
  });
  const response = await fetch(`${await serveV1(t, calls)}${path}`, {
    method: 'POST',
    headers: { ...jsonHeaders, 'x-api-key': 'sk-good' },
    body: JSON.stringify({ model: 'demo', ...body }),
  });
  t.is(response.status, 400);
  const { message, param = null } = Refusal.parse(await response.json()).error;
  return { message, param };
}

const systemPrompt = 'Never mention the weather.';
const hello = [{ role: 'user', content: 'Hello' }];
const unsigned = 'The model refused this request as invalid.';
const cannot = (path: string) => `Invalid type for '${path}': expected one of a string or array.`;

test('a prompt of an alias moves no message of the member’s in an upstream’s refusal', async (t) => {
  const asked = { body: { messages: hello }, alias: { systemPrompt } };
  for (const [told, own] of [
    ['messages[1].content', 'messages[0].content'],
    ['messages.1.content.0', 'messages[0].content.0'],
    ['messages.[1].content', 'messages[0].content'],
  ] as const) {
    const answer = await refused(t, { ...asked, says: cannot(told), of: told });
    t.deepEqual(answer, { message: cannot(own), param: own }, told);
  }
});

test('nobody is told of what was never sent', async (t) => {
  const asked = { body: { messages: hello }, alias: { systemPrompt, sampling: { top_k: 3 } } };
  for (const [says, of] of [
    [cannot('messages[0].content'), 'messages[0].content'],
    ['The system message is not supported.', undefined],
    ['Message 2 is invalid.', undefined],
    ['Invalid message at index 1.', undefined],
    ['Invalid content[0] of message[1].', undefined],
    ["Invalid value for 'top_k'.", 'top_k'],
    ["Unsupported parameter: 'stream_options'.", 'stream_options'],
  ] as const) {
    const told = await refused(t, { ...asked, says, ...(of && { of }) });
    t.deepEqual(told, { message: unsigned, param: null }, says);
  }
  const asUpper = await refused(t, { ...asked, says: 'Messages[1] is invalid.' });
  t.is(asUpper.message, 'messages[0] is invalid.');
  const plain = 'Message 2 is invalid.';
  t.is((await refused(t, { body: { messages: hello }, says: plain })).message, plain);
});

test('our own refusals name a message where the member wrote it', async (t) => {
  const content = [{ type: 'text', text: 'Hear' }, { type: 'video_url' }];
  const answer = await refused(t, {
    body: { messages: [...hello, { role: 'user', content }] },
    alias: { systemPrompt },
  });
  t.is(answer.param, 'messages[1].content[1]');
  t.regex(answer.message, /`messages\[1\]\.content\[1\]`/);
});

test('a limit is called as the member calls it', async (t) => {
  const says = 'max_tokens is too large: 70. This model supports at most 60 completion tokens.';
  const asked = { says, of: 'max_tokens' };
  for (const [path, limit, body] of [
    ['/v1/chat/completions', 'max_completion_tokens', { messages: hello }],
    ['/v1/chat/completions', 'max_tokens', { messages: hello }],
    ['/v1/completions', 'max_tokens', { prompt: 'Hello' }],
    ['/v1/messages', 'max_tokens', { messages: hello }],
    ['/v1/responses', 'max_output_tokens', { input: 'Hello' }],
  ] as const) {
    const answer = await refused(t, { ...asked, path, body: { ...body, [limit]: 70 } });
    t.is(answer.message, says.replace('max_tokens', limit), path);
    if (path !== '/v1/messages') t.is(answer.param, limit, path);
  }
});

const picture = 'data:image/png;base64,iVBORw0KGgo=';
const call = { type: 'tool_use', id: 'c1', name: 'look', input: {} };

test('a message in Anthropic’s words is named as it was written, system and tools aside', async (t) => {
  const result = {
    type: 'tool_result',
    tool_use_id: 'c1',
    content: [
      { type: 'text', text: 'Seen' },
      { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'iVBORw0KGgo=' } },
    ],
  };
  const body = {
    ...{
      max_tokens: 9,
      system: [
        { type: 'text', text: 'Be' },
        { type: 'text', text: 'brief' },
      ],
    },
    messages: [
      ...hello,
      { role: 'assistant', content: [{ type: 'text', text: 'I look' }, call] },
      { role: 'user', content: [{ type: 'text', text: 'And?' }, result] },
    ],
    tools: [{ name: 'look', input_schema: { type: 'object' } }],
  };
  for (const [told, own] of [
    ['messages[0].content', 'system'],
    ['messages[0].content[1].text', 'system[1]'],
    ['messages[1].content', 'messages[0].content'],
    ['messages[2].tool_calls[0].function.arguments', 'messages[1].content[1]'],
    ['messages[3].content', 'messages[2].content[1]'],
    ['messages[4].content[0].image_url.url', 'messages[2].content[1].content[1]'],
    ['messages[4].content[1]', 'messages[2].content[0]'],
    ['tools[0].function.parameters', 'tools[0]'],
  ] as const) {
    const answer = await refused(t, { path: '/v1/messages', body, says: cannot(told) });
    t.is(answer.message, cannot(own), told);
    const prompted = { path: '/v1/messages', body, alias: { systemPrompt } };
    const moved = told.replace(/messages\[(\d)\]/, (_, at) => `messages[${Number(at) + 1}]`);
    t.is((await refused(t, { ...prompted, says: cannot(moved) })).message, cannot(own), moved);
  }
});

test('an item of Responses is named as it was written', async (t) => {
  const image = { type: 'input_image', image_url: picture };
  const body = {
    instructions: 'Be brief',
    input: [
      { role: 'user', content: [{ type: 'input_text', text: 'See' }, image] },
      { role: 'assistant', content: 'I look' },
      { type: 'function_call', call_id: 'c1', name: 'look', arguments: '{}' },
      { type: 'function_call', call_id: 'c2', name: 'look', arguments: '{}' },
      { type: 'function_call_output', call_id: 'c1', output: 'Seen' },
      { type: 'function_call_output', call_id: 'c2', output: [image] },
      { role: 'user', content: 'And?' },
    ],
  };
  for (const [told, own] of [
    ['messages[0].content', 'instructions'],
    ['messages[1].content[1].image_url.url', 'input[0].content[1]'],
    ['messages[2].content', 'input'],
    ['messages[2].tool_calls[1].function.arguments', 'input[3]'],
    ['messages[3].content', 'input[4].output'],
    ['messages[3].tool_call_id', 'input[4].call_id'],
    ['messages[5].content[0]', 'input[5].output[0]'],
    ['messages[6].content', 'input[6].content'],
    ['messages', 'input'],
  ] as const) {
    const asked = { path: '/v1/responses', body };
    const answer = await refused(t, { ...asked, says: cannot(told), of: told });
    t.is(answer.param, own, told);
    if (told !== 'messages') t.is(answer.message, cannot(own), told);
  }
  const bare = { path: '/v1/responses', body: { input: 'Hello' }, alias: { systemPrompt } };
  const of = 'messages[1].content';
  t.deepEqual(await refused(t, { ...bare, says: cannot(of), of }), {
    ...{ message: cannot('input'), param: 'input' },
  });
});

test('places in another protocol’s request are not passed on as ours', async (t) => {
  const asked = { body: { messages: hello }, upstream: 'claude' } as const;
  for (const says of ['messages.1.content: Field required', 'Message 1 is invalid.']) {
    t.is((await refused(t, { ...asked, says })).message, unsigned, says);
  }
  const says = 'stop_sequences: each value must contain a character';
  t.is((await refused(t, { ...asked, says })).message, says.replace('stop_sequences', 'stop'));
  const own = { ...asked, path: '/v1/messages', body: { ...asked.body, max_tokens: 9 } };
  t.is((await refused(t, { ...own, says })).message, says);
  const unknown = "Unsupported parameter: 'stop'.";
  const elsewhere = { ...own, upstream: 'mock', says: unknown } as const;
  t.is((await refused(t, elsewhere)).message, unknown.replace('stop', 'stop_sequences'));
});

test('counting names fields as the request does', async (t) => {
  const pdf = Buffer.from('%PDF-1.4').toString('base64');
  const source = { type: 'base64', media_type: 'application/pdf', data: pdf };
  const content = [
    { type: 'text', text: 'Read' },
    { type: 'document', source },
  ];
  const answer = await refused(t, {
    ...{ path: '/v1/messages/count_tokens', alias: { systemPrompt } },
    body: { system: 'Be brief', messages: [{ role: 'user', content }] },
  });
  t.regex(answer.message, /`?messages\[0\]\.content\[1\]/);
});

import test from 'ava';
import OpenAI from 'openai';
import type { ChatCompletionCreateParamsNonStreaming } from 'openai/resources';
import { assertMatches, propertiesOf } from '../openai/schemas.ts';
import type { ClientWorld, Customer } from '../support/client-world.ts';
import { clientWorld, price } from '../support/client-world.ts';

/** Each parameter of OpenAI's published request, and what becomes of it on its way. */
let world: ClientWorld;
let who: Customer;
/** Of all calls so far. */
const charges: string[] = [];
test.before(async () => {
  world = await clientWorld();
  who = await world.customer();
});
test.after.always(() => world?.close());

const messages = [{ role: 'user' as const, content: 'Hello' }];
const schema = { type: 'object', properties: { a: { type: 'string' } } };
const named = { name: 'look', description: 'Looks', parameters: schema };

/** They reach the upstream as they were sent. */
const passed: Readonly<Record<string, readonly unknown[]>> = {
  audio: [{ voice: 'alloy', format: 'wav' }],
  frequency_penalty: [-2, 1.5, null],
  function_call: ['none', { name: 'look' }],
  functions: [[named]],
  logit_bias: [{ '50256': -100 }],
  logprobs: [true, false],
  metadata: [{ foo: 'bar' }],
  modalities: [['text'], null],
  moderation: [{ model: 'omni-moderation-latest' }],
  n: [2, null],
  parallel_tool_calls: [false],
  prediction: [
    { type: 'content', content: 'Hello' },
    { type: 'content', content: [{ type: 'text', text: 'Hello' }] },
  ],
  presence_penalty: [2],
  prompt_cache_key: ['a-key'],
  prompt_cache_options: [{ mode: 'implicit', ttl: '30m' }],
  prompt_cache_retention: ['in_memory', '24h'],
  reasoning_effort: ['none', 'high'],
  response_format: [
    { type: 'text' },
    { type: 'json_object' },
    { type: 'json_schema', json_schema: { name: 'a', strict: true, schema } },
  ],
  safety_identifier: ['somebody'],
  seed: [-9_007_199_254_740_991],
  service_tier: ['auto', 'default', 'flex'],
  stop: ['\n', ['a', 'b']],
  store: [true],
  stream: [false],
  temperature: [0, 2],
  tool_choice: ['required', { type: 'function', function: { name: 'look' } }],
  tools: [
    [{ type: 'function', function: { ...named, strict: true } }],
    [{ type: 'custom', custom: { name: 'write', format: { type: 'text' } } }],
  ],
  top_logprobs: [20],
  top_p: [0.5],
  user: ['somebody'],
  verbosity: ['low'],
};

/** We have a say in these: what is sent in their stead. */
const decided: Readonly<Record<string, readonly { value: unknown; sent: object }[]>> = {
  // A limit goes out in the one field that this upstream heeds, and is at least 1.
  max_tokens: [
    { value: 33, sent: { max_tokens: 33 } },
    { value: 0, sent: { max_tokens: 1 } },
    { value: null, sent: { max_tokens: 4_096 } },
  ],
  max_completion_tokens: [
    { value: 33, sent: { max_tokens: 33, max_completion_tokens: undefined } },
  ],
  // Only streams have them; there the usage is always asked for.
  stream_options: [{ value: { include_usage: false }, sent: { stream_options: undefined } }],
  // A search has a fee, which this alias has no price for.
  web_search_options: [
    { value: { search_context_size: 'low' }, sent: { web_search_options: undefined } },
  ],
};

/** Their cost has no bound, or no price. */
const refused: readonly (readonly [field: string, value: unknown])[] = [
  ['modalities', ['text', 'audio']],
  ['service_tier', 'priority'],
  ['service_tier', 'scale'],
];

test('each parameter that OpenAI publishes is looked at here', (t) => {
  const published = Object.keys(propertiesOf('CreateChatCompletionRequest'));
  const here = [...Object.keys(passed), ...Object.keys(decided), 'model', 'messages'];
  t.deepEqual(here.toSorted(), published.toSorted());
});

type Body = Readonly<Record<string, unknown>>;

/** Asks, and expects to be charged for four tokens of each answer, if there is one. */
async function asking(body: Body) {
  const { n: count } = body;
  assertMatches('CreateChatCompletionRequest', body);
  const response = await who.watched.fetch(`${world.baseUrl}/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${who.key}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (response.ok) charges.push(price(10, count === 2 ? 8 : 4));
  return { response, text: await response.text() };
}

const sentFor = (user: string) => world.mock.asked.find(({ user: sent }) => sent === user);

for (const [field, values] of Object.entries(passed)) {
  for (const value of values) {
    test(`${field} is passed on: ${JSON.stringify(value)}`, async (t) => {
      const user = field === 'user' ? String(value) : `passed-${field}-${JSON.stringify(value)}`;
      const { response, text } = await asking({
        ...{ model: 'writer', messages, max_tokens: 50, user, [field]: value },
      });
      t.is(response.status, 200, text);
      t.deepEqual(sentFor(user), {
        ...{ model: 'mock?chunks=4&input=10', messages, max_tokens: 50, user, [field]: value },
      });
    });
  }
}

for (const [field, cases] of Object.entries(decided)) {
  for (const { value, sent } of cases) {
    test(`${field} is decided by us: ${JSON.stringify(value)}`, async (t) => {
      const user = `decided-${field}-${JSON.stringify(value)}`;
      const { response, text } = await asking({ model: 'writer', messages, user, [field]: value });
      t.is(response.status, 200, text);
      t.like(sentFor(user), sent);
      const ignored = response.headers.get('x-ignored-parameters');
      t.is(ignored, field === 'web_search_options' ? field : null);
    });
  }
}

for (const [field, value] of refused) {
  test(`${field} is refused, by its name: ${JSON.stringify(value)}`, async (t) => {
    const { response, text } = await asking({ model: 'writer', messages, [field]: value });
    t.is(response.status, 400);
    t.like(JSON.parse(text), { error: { param: field, code: 'invalid_request' } });
  });
}

test('a stream’s options are passed on, and its usage is asked for whoever wants it', async (t) => {
  const user = 'a-stream';
  const { response, text } = await asking({
    ...{ model: 'writer', messages, user, stream: true },
    stream_options: { include_obfuscation: false, include_usage: false },
  });
  t.is(response.status, 200);
  t.false(text.includes('"usage":{'));
  t.deepEqual(sentFor(user)?.stream_options, { include_obfuscation: false, include_usage: true });
});

test('all parameters at once, each as far as the others let it', async (t) => {
  const client = new OpenAI({
    ...{ baseURL: world.baseUrl, apiKey: who.key, fetch: who.watched.fetch },
  });
  const everything = Object.fromEntries(
    Object.entries(passed).map(([field, [value]]) => [field, value]),
  );
  const asked = {
    ...{ ...everything, model: 'writer', messages, n: 1 },
    ...{ max_tokens: 0, max_completion_tokens: 0, stream_options: { include_usage: true } },
    web_search_options: { search_context_size: 'low' },
  } satisfies ChatCompletionCreateParamsNonStreaming;
  assertMatches('CreateChatCompletionRequest', asked);
  const completion = await client.chat.completions.create(asked);
  t.is(completion.choices.length, 1);
  charges.push(price(10, 4));
});

test('all of it was charged once, and every request and answer was as OpenAI describes it', async (t) => {
  t.true(charges.length > 50);
  await world.ends(t, who, charges);
});

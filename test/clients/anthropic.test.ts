import Anthropic from '@anthropic-ai/sdk';
import test from 'ava';
import type { ClientWorld, Customer } from '../support/client-world.ts';
import { clientWorld, price, withPictures } from '../support/client-world.ts';

/** Anthropic's own client, answered by models behind OpenAI's protocol. */
let world: ClientWorld;
test.before(async () => {
  world = await clientWorld();
});
test.after.always(() => world?.close());

const messages: Anthropic.MessageParam[] = [{ role: 'user', content: '帮我写一份产品介绍' }];
const asked = { messages, max_tokens: 50 };

async function customer(credit?: string): Promise<Customer & { client: Anthropic }> {
  const made = await world.customer(credit);
  const client = new Anthropic({
    ...{ baseURL: world.baseUrl.replace(/\/v1$/, ''), apiKey: made.key },
    ...{ fetch: made.watched.fetch, maxRetries: 1 },
  });
  return { ...made, client };
}

const textOf = ({ content }: Anthropic.Message): string =>
  content.map((block) => (block.type === 'text' ? block.text : '')).join('');

test('a message, whole and streamed, says the same and costs the same', async (t) => {
  const who = await customer();
  const whole = await who.client.messages.create({ model: 'writer', ...asked });
  t.is(textOf(whole), ' word'.repeat(4));
  t.like(whole, { model: 'writer', stop_reason: 'end_turn', usage: { output_tokens: 4 } });
  const streamed = await who.client.messages.stream({ model: 'writer', ...asked }).finalMessage();
  t.is(textOf(streamed), textOf(whole));
  t.like(streamed.usage, { input_tokens: 10, output_tokens: 4 });
  const uneven = await who.client.messages.stream({ model: 'uneven', ...asked }).finalText();
  t.is(uneven, ' word'.repeat(6));
  await world.ends(t, who, [price(10, 4), price(10, 4), price(10, 6)]);
});

const tools: Anthropic.Tool[] = [
  {
    name: 'get_weather',
    input_schema: { type: 'object', properties: { city: { type: 'string' } } },
  },
];

test('a tool is called, its result told, and the answer given', async (t) => {
  for (const stream of [false, true]) {
    const who = await customer();
    const ask = (given: Anthropic.MessageParam[]) => {
      const body = { model: 'caller', max_tokens: 50, messages: given, tools };
      return stream
        ? who.client.messages.stream(body).finalMessage()
        : who.client.messages.create(body);
    };
    const asking = await ask(messages);
    t.is(asking.stop_reason, 'tool_use');
    const call = asking.content.find((block) => block.type === 'tool_use');
    t.like(call, { name: 'get_weather', input: { city: 'Paris' } });
    const answer = await ask([
      ...messages,
      { role: 'assistant', content: asking.content },
      {
        role: 'user',
        content: [{ type: 'tool_result', tool_use_id: call?.id ?? '', content: '21' }],
      },
    ]);
    t.is(textOf(answer), 'It is 21 degrees.');
    await world.ends(t, who, [price(10, 5), price(10, 5)]);
  }
});

test('a structured answer comes as it was asked for', async (t) => {
  const who = await customer();
  const schema = {
    type: 'object',
    properties: { city: { type: 'string' }, degrees: { type: 'number' } },
    required: ['city', 'degrees'],
    additionalProperties: false,
  };
  const message = await who.client.messages.create({
    ...{ model: 'former', ...asked },
    output_config: { format: { type: 'json_schema', schema } },
  });
  t.deepEqual(JSON.parse(textOf(message)), { city: 'Paris', degrees: 21 });
  t.like(
    world.mock.asked.find(({ response_format: format }) => format),
    { response_format: { json_schema: { schema } } },
  );
  await world.ends(t, who, [price(10, 9)]);
});

test('a client that aborts mid-stream is charged what it had', async (t) => {
  const who = await customer();
  const stream = who.client.messages.stream({ model: 'endless', ...asked, max_tokens: 2_000 });
  let seen = 0;
  stream.on('text', () => {
    seen += 1;
    if (seen === 3) stream.abort();
  });
  await t.throwsAsync(stream.done(), { instanceOf: Anthropic.APIUserAbortError });
  await world.ends(t, who, ['estimate']);
});

test('a stream that breaks off ends in an error, never as a short answer, and is free', async (t) => {
  for (const model of ['cut', 'overloaded']) {
    const who = await customer();
    let seen = '';
    const stream = who.client.messages.stream({ model, ...asked });
    stream.on('text', (text) => {
      seen += text;
    });
    await t.throwsAsync(stream.done(), { instanceOf: Anthropic.APIError });
    t.is(seen, ' word'.repeat(3));
    await world.ends(t, who, [null]);
  }
});

test('what is wrong comes in the client’s own errors', async (t) => {
  const who = await customer();
  const ask = (model: string, client = who.client) => client.messages.create({ model, ...asked });
  const strange = new Anthropic({
    ...{ baseURL: world.baseUrl.replace(/\/v1$/, ''), apiKey: 'sk-wrong' },
    fetch: who.watched.fetch,
  });
  await t.throwsAsync(ask('writer', strange), { instanceOf: Anthropic.AuthenticationError });
  await t.throwsAsync(ask('nobody'), { instanceOf: Anthropic.NotFoundError });
  await t.throwsAsync(ask('picky'), { instanceOf: Anthropic.BadRequestError });
  t.is(who.watched.asked(), 3);
  await t.throwsAsync(ask('failing'), { instanceOf: Anthropic.InternalServerError });
  t.is(who.watched.asked(), 5);
  const limited = await t.throwsAsync(ask('limited'), { instanceOf: Anthropic.RateLimitError });
  t.regex(limited?.headers?.get('retry-after') ?? '', /^\d+$/);
  t.is(who.watched.asked(), 7);
  await world.ends(t, who, [null, null, null, null, null]);
  const poor = await customer('0.000001');
  await t.throwsAsync(ask('writer', poor.client), { instanceOf: Anthropic.RateLimitError });
  t.is(poor.watched.asked(), 1);
  await world.ends(t, poor, []);
});

/** One white pixel. */
const pixel =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGP4////fwAJ+wP9CNHoHgAAAABJRU5ErkJggg==';

test('pictures reach the model, in OpenAI’s words', async (t) => {
  const who = await customer();
  await who.client.messages.create({
    ...{ model: 'writer', max_tokens: 50 },
    messages: [
      {
        role: 'user',
        content: [
          { type: 'image', source: { type: 'base64', media_type: 'image/png', data: pixel } },
          { type: 'image', source: { type: 'url', url: 'https://example.com/a.png' } },
          { type: 'text', text: 'What are these?' },
        ],
      },
    ],
  });
  t.like(withPictures(world), {
    messages: [
      {
        content: [
          { type: 'image_url', image_url: { url: `data:image/png;base64,${pixel}` } },
          { type: 'image_url', image_url: { url: 'https://example.com/a.png' } },
          { type: 'text', text: 'What are these?' },
        ],
      },
    ],
  });
  await world.ends(t, who, [price(10, 4)]);
});

test('tokens are counted for nothing', async (t) => {
  const who = await customer();
  const { input_tokens: count } = await who.client.messages.countTokens({
    ...{ model: 'writer', messages },
  });
  t.true(count > 0);
  await world.ends(t, who, []);
});

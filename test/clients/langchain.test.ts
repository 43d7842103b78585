import { HumanMessage, ToolMessage } from '@langchain/core/messages';
import { tool } from '@langchain/core/tools';
import { ChatOpenAI } from '@langchain/openai';
import test from 'ava';
import { z } from 'zod';
import type { ClientWorld, Customer } from '../support/client-world.ts';
import { clientWorld, price, withPictures } from '../support/client-world.ts';

/** LangChain, which wraps OpenAI's client and retries by itself. */
let world: ClientWorld;
test.before(async () => {
  world = await clientWorld();
});
test.after.always(() => world?.close());

const prompt = '帮我写一份产品介绍';

interface LangChainCustomer extends Customer {
  readonly model: (alias: string, more?: { maxRetries?: number }) => ChatOpenAI;
}

async function customer(credit?: string): Promise<LangChainCustomer> {
  const made = await world.customer(credit);
  const model: LangChainCustomer['model'] = (alias, { maxRetries = 0 } = {}) =>
    new ChatOpenAI({
      model: alias,
      apiKey: made.key,
      maxRetries,
      streamUsage: true,
      configuration: { baseURL: world.baseUrl, fetch: made.watched.fetch },
    });
  return { ...made, model };
}

test('an answer, whole and streamed, says the same and costs the same', async (t) => {
  const who = await customer();
  const whole = await who.model('writer').invoke(prompt);
  t.is(whole.content, ' word'.repeat(4));
  t.like(whole.usage_metadata, { input_tokens: 10, output_tokens: 4, total_tokens: 14 });
  const chunks = await Array.fromAsync(await who.model('uneven').stream(prompt));
  const streamed = chunks.reduce((all, chunk) => all.concat(chunk));
  t.is(streamed.content, ' word'.repeat(6));
  t.like(streamed.usage_metadata, { input_tokens: 10, output_tokens: 6 });
  await world.ends(t, who, [price(10, 4), price(10, 6)]);
});

const weather = tool(({ city }) => (city === 'Paris' ? '21' : '-1'), {
  name: 'get_weather',
  description: 'How warm it is',
  schema: z.object({ city: z.string() }),
});

test('a tool is called, its result told, and the answer given', async (t) => {
  const who = await customer();
  const model = who.model('caller').bindTools([weather]);
  const question = new HumanMessage(prompt);
  const asking = await model.invoke([question]);
  const [call] = asking.tool_calls ?? [];
  t.like(call, { name: 'get_weather', args: { city: 'Paris' } });
  const said = await weather.invoke({ city: 'Paris' });
  const result = new ToolMessage({ content: said, tool_call_id: call?.id ?? '' });
  const answer = await model.invoke([question, asking, result]);
  t.is(answer.content, 'It is 21 degrees.');
  const chunks = await Array.fromAsync(await model.stream([question]));
  t.like(chunks.reduce((all, chunk) => all.concat(chunk)).tool_calls?.[0], {
    ...{ name: 'get_weather', args: { city: 'Paris' } },
  });
  await world.ends(
    t,
    who,
    Array.from({ length: 3 }, () => price(10, 5)),
  );
});

test('a structured answer is parsed', async (t) => {
  const who = await customer();
  const schema = z.object({ city: z.string(), degrees: z.number() });
  const model = who.model('former').withStructuredOutput(schema, { method: 'jsonSchema' });
  t.deepEqual(await model.invoke(prompt), { city: 'Paris', degrees: 21 });
  await world.ends(t, who, [price(10, 9)]);
});

test('a client that stops reading a stream is charged what it had', async (t) => {
  const who = await customer();
  const abort = new AbortController();
  const read = async () => {
    for await (const _ of await who.model('endless').stream(prompt, { signal: abort.signal })) {
      abort.abort();
    }
  };
  await t.throwsAsync(read);
  await world.ends(t, who, ['estimate']);
});

test('a stream that breaks off ends in an error, never as a short answer, and is free', async (t) => {
  for (const alias of ['cut', 'overloaded']) {
    const who = await customer();
    const stream = await who.model(alias).stream(prompt);
    let seen = '';
    const read = async () => {
      for await (const { content } of stream) seen += String(content);
    };
    await t.throwsAsync(read);
    t.is(seen, ' word'.repeat(3));
    await world.ends(t, who, [null]);
  }
});

test('what is wrong is an error with its status, tried again only where that may help', async (t) => {
  const who = await customer();
  const statusOf = async (alias: string, of = who) => {
    const error = await t.throwsAsync(of.model(alias, { maxRetries: 1 }).invoke(prompt));
    return z.looseObject({ status: z.int() }).parse(error).status;
  };
  t.is(await statusOf('nobody'), 404);
  t.is(await statusOf('picky'), 400);
  t.is(who.watched.asked(), 2);
  t.is(await statusOf('failing'), 502);
  t.is(who.watched.asked(), 4);
  await world.ends(t, who, [null, null, null]);
  const poor = await customer('0.000001');
  t.is(await statusOf('writer', poor), 429);
  t.is(poor.watched.asked(), 1);
  await world.ends(t, poor, []);
});

test('pictures reach the model', async (t) => {
  const who = await customer();
  const content = [
    { type: 'text', text: 'What is this?' },
    { type: 'image_url', image_url: { url: 'https://example.com/a.png' } },
  ];
  await who.model('writer').invoke([new HumanMessage({ content })]);
  t.like(withPictures(world), { messages: [{ role: 'user', content }] });
  await world.ends(t, who, [price(10, 4)]);
});

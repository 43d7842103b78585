import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { APICallError, generateText, Output, stepCountIs, streamText, tool } from 'ai';
import test from 'ava';
import { z } from 'zod';
import type { ClientWorld, Customer } from '../support/client-world.ts';
import { clientWorld, price, withPictures } from '../support/client-world.ts';

/** Vercel's `ai` with its provider for servers of OpenAI's protocol. */
let world: ClientWorld;
test.before(async () => {
  world = await clientWorld();
});
test.after.always(() => world?.close());

const prompt = '帮我写一份产品介绍';

type Provider = ReturnType<typeof createOpenAICompatible>;

async function customer(credit?: string): Promise<Customer & { model: Provider }> {
  const made = await world.customer(credit);
  const model = createOpenAICompatible({
    name: 'members',
    baseURL: world.baseUrl,
    apiKey: made.key,
    fetch: made.watched.fetch,
    includeUsage: true,
    supportsStructuredOutputs: true,
  });
  return { ...made, model };
}

test('an answer, whole and streamed, says the same and costs the same', async (t) => {
  const who = await customer();
  const whole = await generateText({ model: who.model('writer'), prompt });
  const streamed = streamText({ model: who.model('uneven'), prompt });
  const parts = await Array.fromAsync(streamed.textStream);
  t.is(whole.text, ' word'.repeat(4));
  t.deepEqual(
    parts,
    Array.from({ length: 6 }, () => ' word'),
  );
  t.like(whole.usage, { inputTokens: 10, outputTokens: 4 });
  t.like(await streamed.usage, { inputTokens: 10, outputTokens: 6 });
  t.is(await streamed.finishReason, 'stop');
  await world.ends(t, who, [price(10, 4), price(10, 6)]);
});

const weather = tool({
  description: 'How warm it is',
  inputSchema: z.object({ city: z.string() }),
  execute: ({ city }) => (city === 'Paris' ? 21 : -1),
});

test('a tool is called, its result told, and the answer given', async (t) => {
  const who = await customer();
  const asked = { prompt, tools: { get_weather: weather }, stopWhen: stepCountIs(3) };
  const whole = await generateText({ model: who.model('caller'), ...asked });
  t.is(whole.text, 'It is 21 degrees.');
  t.is(whole.steps.length, 2);
  const streamed = streamText({ model: who.model('caller'), ...asked });
  await streamed.consumeStream();
  const [first] = await streamed.steps;
  t.like(first?.toolResults[0], { toolName: 'get_weather', output: 21 });
  t.is(await streamed.text, 'It is 21 degrees.');
  await world.ends(
    t,
    who,
    Array.from({ length: 4 }, () => price(10, 5)),
  );
});

test('a structured answer is parsed, whole and streamed', async (t) => {
  const who = await customer();
  const schema = z.object({ city: z.string(), degrees: z.number() });
  const output = Output.object({ schema });
  const whole = await generateText({ model: who.model('former'), prompt, output });
  t.deepEqual(whole.output, { city: 'Paris', degrees: 21 });
  const streamed = streamText({ model: who.model('former'), prompt, output });
  const parts = await Array.fromAsync(streamed.partialOutputStream);
  t.deepEqual(parts.at(-1), { city: 'Paris', degrees: 21 });
  await world.ends(t, who, [price(10, 9), price(10, 9)]);
});

test('a client that aborts mid-stream is charged what it had', async (t) => {
  const who = await customer();
  const abort = new AbortController();
  const streamed = streamText({
    ...{ model: who.model('endless'), prompt },
    abortSignal: abort.signal,
  });
  let seen = 0;
  for await (const _ of streamed.textStream) {
    seen += 1;
    if (seen === 3) abort.abort();
  }
  // What the client had read ahead it still tells.
  t.true(seen >= 3 && seen < 500);
  await world.ends(t, who, ['estimate']);
});

test('a stream that breaks off ends in an error, never as a short answer, and is free', async (t) => {
  for (const alias of ['cut', 'overloaded']) {
    const who = await customer();
    const errors: unknown[] = [];
    const streamed = streamText({
      ...{ model: who.model(alias), prompt },
      onError: ({ error }) => void errors.push(error),
    });
    const parts = await Array.fromAsync(streamed.fullStream);
    t.is(errors.length, 1);
    t.true(parts.some(({ type }) => type === 'error'));
    t.is(parts.filter(({ type }) => type === 'text-delta').length, 3);
    await world.ends(t, who, [null]);
  }
});

test('what is wrong comes in the client’s own errors', async (t) => {
  const who = await customer();
  const ask = (alias: string, maxRetries = 0) =>
    t.throwsAsync(generateText({ model: who.model(alias), prompt, maxRetries }), {
      instanceOf: APICallError,
    });
  t.like(await ask('nobody'), { statusCode: 404, isRetryable: false });
  t.like(await ask('picky'), { statusCode: 400, message: 'top_p is too small.' });
  t.like(await ask('failing'), { statusCode: 502, isRetryable: true });
  const limited = await ask('limited');
  t.is(limited?.statusCode, 429);
  t.regex(limited?.responseHeaders?.['retry-after'] ?? '', /^\d+$/);
  const poor = await customer('0.000001');
  const refused = await t.throwsAsync(
    generateText({ model: poor.model('writer'), prompt, maxRetries: 0 }),
    { instanceOf: APICallError },
  );
  t.is(refused?.responseHeaders?.['x-should-retry'], 'false');
  await world.ends(t, who, [null, null, null]);
  await world.ends(t, poor, []);
});

test('a failure is tried again, and the same call succeeds at most once', async (t) => {
  const who = await customer();
  await t.throwsAsync(generateText({ model: who.model('failing'), prompt, maxRetries: 1 }));
  t.is(who.watched.asked(), 2);
  await world.ends(t, who, [null, null]);
});

/** One white pixel. */
const pixel =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGP4////fwAJ+wP9CNHoHgAAAABJRU5ErkJggg==';

test('pictures reach the model', async (t) => {
  const who = await customer();
  await generateText({
    model: who.model('writer'),
    messages: [
      {
        role: 'user',
        content: [
          { type: 'text', text: 'What is this?' },
          { type: 'image', image: `data:image/png;base64,${pixel}` },
        ],
      },
    ],
  });
  t.like(withPictures(world), {
    messages: [
      {
        content: [
          { type: 'text', text: 'What is this?' },
          { type: 'image_url', image_url: { url: `data:image/png;base64,${pixel}` } },
        ],
      },
    ],
  });
  await world.ends(t, who, [price(10, 4)]);
});

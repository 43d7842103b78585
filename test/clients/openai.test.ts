import test from 'ava';
import OpenAI, { APIError } from 'openai';
import type {
  ChatCompletionCreateParamsNonStreaming,
  ChatCompletionMessageParam,
  ChatCompletionTool,
} from 'openai/resources';
import { z } from 'zod';
import { sound } from '../../src/adapters/llm/sandbox-media.ts';
import type { ClientWorld, Customer } from '../support/client-world.ts';
import { clientWorld, price, withPictures } from '../support/client-world.ts';
import { aTenth } from '../support/mock-answers.ts';

/** OpenAI's own client, as its users know it. */
let world: ClientWorld;
test.before(async () => {
  world = await clientWorld();
});
test.after.always(() => world?.close());

const messages = [{ role: 'user' as const, content: '帮我写一份产品介绍' }];
const text = ' word word word word';

async function customer(credit?: string): Promise<Customer & { client: OpenAI }> {
  const made = await world.customer(credit);
  const { key: apiKey, watched } = made;
  const client = new OpenAI({
    baseURL: world.baseUrl,
    apiKey,
    fetch: watched.fetch,
    maxRetries: 1,
  });
  return { ...made, client };
}

test('an answer, whole and streamed, says the same and costs the same', async (t) => {
  const who = await customer();
  const asked = { model: 'writer', messages, max_completion_tokens: 50 };
  const whole = await who.client.chat.completions.create(asked);
  t.is(whole.choices[0]?.message.content, text);
  t.is(whole.model, 'writer');
  const streamed = await who.client.chat.completions
    .stream({ ...asked, stream_options: { include_usage: true } })
    .finalChatCompletion();
  t.is(streamed.choices[0]?.message.content, text);
  t.deepEqual(streamed.usage, whole.usage);
  await world.ends(t, who, [price(10, 4), price(10, 4)]);
});

for (const [model, expected, output] of [
  ['uneven', ' word'.repeat(6), 6],
  ['wide', 'x'.repeat(600_000), 3],
] as const) {
  test(`a stream that comes ${model} arrives whole`, async (t) => {
    const who = await customer();
    const asked = { model, messages, stream: true } as const;
    const chunks = await Array.fromAsync(await who.client.chat.completions.create(asked));
    t.is(chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join(''), expected);
    t.true(chunks.every(({ usage, choices }) => !usage && choices.length === 1));
    await world.ends(t, who, [price(10, output)]);
  });
}

const tools: ChatCompletionTool[] = [
  {
    type: 'function',
    function: {
      name: 'get_weather',
      parameters: { type: 'object', properties: { city: { type: 'string' } } },
    },
  },
];

test('a tool is called, its result told, and the answer given', async (t) => {
  for (const stream of [false, true]) {
    const who = await customer();
    const ask = async (given: ChatCompletionMessageParam[]) => {
      const asked = { model: 'caller', messages: given, tools };
      const { completions } = who.client.chat;
      const completion = stream
        ? await completions.stream(asked).finalChatCompletion()
        : await completions.create(asked);
      const [choice] = completion.choices;
      if (!choice) throw new Error('There is no choice.');
      return choice;
    };
    const { message, finish_reason: reason } = await ask(messages);
    t.is(reason, 'tool_calls');
    t.like(message.tool_calls?.[0], {
      function: { name: 'get_weather', arguments: '{"city":"Paris"}' },
    });
    const result = { role: 'tool' as const, tool_call_id: 'call_1', content: '21' };
    const answer = await ask([...messages, message, result]);
    t.is(answer.message.content, 'It is 21 degrees.');
    await world.ends(t, who, [price(10, 5), price(10, 5)]);
  }
});

const Weather = z.object({ city: z.string(), degrees: z.number() });

test('a structured answer is parsed', async (t) => {
  const who = await customer();
  const completion = await who.client.chat.completions.parse({
    model: 'former',
    messages,
    response_format: {
      type: 'json_schema',
      json_schema: { name: 'weather', strict: true, schema: z.toJSONSchema(Weather) },
    },
  });
  t.deepEqual(Weather.parse(completion.choices[0]?.message.parsed), { city: 'Paris', degrees: 21 });
  await world.ends(t, who, [price(10, 9)]);
});

test('an upstream that tells no usage is counted, in what the client sees and is charged', async (t) => {
  const who = await customer();
  const { usage } = await who.client.chat.completions.create({ model: 'uncounted', messages });
  t.is(usage?.completion_tokens, 5);
  await world.ends(t, who, ['estimate']);
});

test('a client that aborts mid-stream is charged what it had, and its upstream is left', async (t) => {
  const who = await customer();
  const before = world.mock.abandoned();
  const stream = await who.client.chat.completions.create({
    ...{ model: 'endless', messages, stream: true },
    stream_options: { include_usage: true },
  });
  let seen = 0;
  for await (const _ of stream) {
    seen += 1;
    if (seen === 3) stream.controller.abort();
  }
  t.is(seen, 3);
  await world.ends(t, who, ['estimate']);
  t.true(world.mock.abandoned() > before);
});

for (const model of ['cut', 'overloaded']) {
  test(`a stream that is ${model} ends in an error, never as a short answer, and is free`, async (t) => {
    const who = await customer();
    const stream = await who.client.chat.completions.create({ model, messages, stream: true });
    let seen = '';
    const read = async () => {
      for await (const { choices } of stream) seen += choices[0]?.delta.content ?? '';
    };
    await t.throwsAsync(read, { instanceOf: APIError, code: 'upstream_error' });
    t.is(seen, ' word'.repeat(3));
    await world.ends(t, who, [null]);
  });
}

test('what is wrong comes in the client’s own errors', async (t) => {
  const who = await customer();
  const ask = (model: string, client = who.client) =>
    client.chat.completions.create({ model, messages });
  const strange = new OpenAI({
    ...{ baseURL: world.baseUrl, apiKey: 'sk-wrong', fetch: who.watched.fetch },
  });
  await t.throwsAsync(ask('writer', strange), {
    ...{ instanceOf: OpenAI.AuthenticationError, code: 'invalid_api_key' },
  });
  await t.throwsAsync(ask('nobody'), {
    ...{ instanceOf: OpenAI.NotFoundError, code: 'model_not_found' },
  });
  const refused = await t.throwsAsync(ask('picky'), { instanceOf: OpenAI.BadRequestError });
  t.like(refused, { param: 'top_p', message: '400 top_p is too small.' });
  t.is(who.watched.asked(), 3, 'none of it is tried again');
  await t.throwsAsync(ask('failing'), { instanceOf: OpenAI.InternalServerError });
  t.is(who.watched.asked(), 5, 'a failure of ours is');
  await world.ends(t, who, [null, null, null]);
});

test('a limit is waited for as long as the answer says; a lack of credit is not tried again', async (t) => {
  const who = await customer();
  const limited = await t.throwsAsync(
    who.client.chat.completions.create({ model: 'limited', messages }),
    { instanceOf: OpenAI.RateLimitError, code: 'rate_limit_exceeded' },
  );
  t.regex(limited?.headers?.get('retry-after') ?? '', /^\d+$/);
  t.is(who.watched.asked(), 2);
  await world.ends(t, who, [null, null]);
  const poor = await customer('0.000001');
  const refused = await t.throwsAsync(
    poor.client.chat.completions.create({ model: 'writer', messages }),
    { instanceOf: OpenAI.RateLimitError, code: 'insufficient_quota' },
  );
  t.is(refused?.headers?.get('x-should-retry'), 'false');
  t.is(poor.watched.asked(), 1);
  await world.ends(t, poor, []);
});

/** One white pixel. */
const pixel =
  'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGP4////fwAJ+wP9CNHoHgAAAABJRU5ErkJggg==';

test('pictures reach the model as they were sent', async (t) => {
  const who = await customer();
  const content = [
    { type: 'text' as const, text: 'What is this?' },
    { type: 'image_url' as const, image_url: { url: pixel, detail: 'low' as const } },
    { type: 'image_url' as const, image_url: { url: 'https://example.com/a.png' } },
  ];
  await who.client.chat.completions.create({
    model: 'writer',
    messages: [{ role: 'user', content }],
  });
  t.deepEqual(withPictures(world)?.messages, [{ role: 'user', content }]);
  await world.ends(t, who, [price(10, 4)]);
});

const heard = {
  type: 'input_audio' as const,
  input_audio: { data: sound('Hello', 'wav').toString('base64'), format: 'wav' as const },
};
const aloud = {
  model: 'speaker',
  modalities: ['text' as const, 'audio' as const],
  audio: { voice: 'alloy', format: 'pcm16' as const },
  messages: [{ role: 'user' as const, content: [{ type: 'text' as const, text: 'Hm?' }, heard] }],
};
const words = ' word'.repeat(4);
const id = 'audio_4711';

test('a sound is heard and answered aloud, whole and streamed alike', async (t) => {
  const who = await customer();
  const { create } = who.client.chat.completions;
  const ask = create.bind(who.client.chat.completions);
  const { choices, usage } = await ask(aloud);
  t.like(choices[0]?.message.audio, { id, transcript: words, data: aTenth.repeat(4) });
  t.is(usage?.prompt_tokens_details?.audio_tokens, 100);
  t.is(usage?.completion_tokens_details?.audio_tokens, 12);
  const wishes = { stream: true, stream_options: { include_usage: true } } as const;
  const chunks = await Array.fromAsync(await ask({ ...aloud, ...wishes }));
  t.deepEqual(chunks.at(-1)?.usage, usage);
  const pieces = chunks.flatMap(({ choices: [choice] }) => Spoken.safeParse(choice).data ?? []);
  t.deepEqual(
    pieces.map(({ delta }) => delta.audio),
    [
      ...Array.from({ length: 4 }, () => ({ id, transcript: ' word', data: aTenth })),
      { id, expires_at: 1_767_229_200 },
    ],
  );
  const asked = world.mock.asked.filter(({ modalities }) => modalities?.includes('audio'));
  t.deepEqual(
    asked.map(({ messages: sent }) => sent),
    [aloud.messages, aloud.messages],
  );
  // Five tokens of text and a hundred of sound, four words and twelve tokens of speech.
  await world.ends(t, who, ['0.000853', '0.000853']);
});

/** What the client leaves as it came: it knows no sound in chunks. */
const Spoken = z.object({ delta: z.looseObject({ audio: z.looseObject({ id: z.string() }) }) });

test('sound is refused where it isn’t sold, and an earlier answer where nobody can bound it', async (t) => {
  const who = await customer();
  const { completions } = who.client.chat;
  const { model, modalities, audio, messages: hearing } = aloud;
  const earlier = { role: 'assistant' as const, audio: { id } };
  const cases: readonly [ChatCompletionCreateParamsNonStreaming, string][] = [
    [{ model: 'writer', messages: hearing }, 'messages[0].content[1]'],
    [{ model: 'writer', messages, modalities, audio }, 'modalities'],
    [{ model, messages: [...messages, earlier] }, 'messages[1].audio'],
  ];
  for (const [asked, param] of cases) {
    const refused = await t.throwsAsync(completions.create(asked), {
      instanceOf: OpenAI.BadRequestError,
    });
    t.is(refused?.param, param);
  }
  await world.ends(t, who, []);
});

test('models are listed, and one is told by its name', async (t) => {
  const who = await customer();
  const ids = (await Array.fromAsync(await who.client.models.list())).map(({ id }) => id);
  t.true(ids.includes('writer') && ids.includes('demo'));
  t.is((await who.client.models.retrieve('writer')).id, 'writer');
  await t.throwsAsync(who.client.models.retrieve('nobody'), { instanceOf: OpenAI.NotFoundError });
  await world.ends(t, who, []);
});

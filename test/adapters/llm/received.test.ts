import test from 'ava';
import { characterLimit } from '../../../src/adapters/llm/character-limit.ts';
import { chat } from '../../../src/adapters/llm/endpoints/chat.ts';
import { received } from '../../../src/adapters/llm/received.ts';
import type { Json } from '../../../src/adapters/llm/upstream.ts';

const answerOf = (message: Json, field = 'message'): Json => ({
  choices: [{ index: 0, [field]: message }],
});

function charactersOf(answer: Json): number {
  const text = received(chat);
  text.take(answer);
  return text.characters('received');
}

const reasonings = [
  [{ reasoning_content: null, reasoning: 'thinking' }, 8],
  [{ reasoning_content: '', reasoning: 'thinking' }, 8],
  [{ reasoning_content: 'thinking', reasoning: null }, 8],
  [{ reasoning_content: 'thinking', reasoning: 'thinking' }, 8],
  [{ reasoning_content: 'thinking', reasoning: 'once more' }, 17],
] as const;

for (const field of ['message', 'delta']) {
  for (const [message, count] of reasonings) {
    test(`reasoning counts under both of its names (${field}, ${JSON.stringify(message)})`, (t) => {
      t.is(charactersOf(answerOf({ ...message }, field)), count);
      const answer = answerOf({ ...message }, field);
      t.false(characterLimit(count, chat)(answer), 'all of it is paid');
      t.true(characterLimit(count - 1, chat)(answer));
      t.is(charactersOf(answer), count - 1);
    });
  }
}

test('reasoning that is said twice is cut twice', (t) => {
  const message: Json = { reasoning_content: 'thinking', reasoning: 'thinking' };
  characterLimit(5, chat)(answerOf(message));
  t.deepEqual(message, { reasoning_content: 'think', reasoning: 'think' });
});

test('reasoning that is said twice counts once in the beginning of a body, wherever that ends', (t) => {
  const body = JSON.stringify(answerOf({ reasoning: 'thinking', reasoning_content: 'thinking' }));
  for (const cut of [1, 8]) {
    const text = received(chat);
    text.takePartial(body.slice(0, -cut));
    t.is(text.characters('received'), 8);
  }
});

for (const field of ['message', 'delta']) {
  test(`what is spoken counts as text, and its sound as bytes (${field})`, (t) => {
    const text = received(chat);
    text.take(answerOf({ audio: { id: 'audio_1', data: 'AAAAAA==', transcript: 'Hello' } }, field));
    t.is(text.characters('received'), 5);
    t.is(text.spokenBytes('received'), 4);
    t.is(text.spokenBytes('delivered'), 0);
    text.delivered();
    t.is(text.spokenBytes('delivered'), 4);
    const silent = received(chat);
    silent.take(answerOf({ audio: { data: 'AAAA' } }, field));
    t.false(silent.isEmpty());
  });
}

const code = 'print("hello world")';
const asFunction: Json = { tool_calls: [{ function: { name: 'run', arguments: code } }] };
const asCustom: Json = { tool_calls: [{ type: 'custom', custom: { name: 'run', input: code } }] };

for (const field of ['message', 'delta']) {
  test(`the input of a custom tool counts as the arguments of a function do (${field})`, async (t) => {
    const [custom, called] = [received(chat), received(chat)];
    custom.take(answerOf(asCustom, field));
    called.take(answerOf(asFunction, field));
    t.is(custom.characters('received'), code.length);
    t.is(await custom.tokens('sandbox', 'received'), await called.tokens('sandbox', 'received'));
    t.deepEqual(custom.newText(), called.newText());
  });

  test(`a refusal among the parts of a content counts (${field})`, async (t) => {
    const text = received(chat);
    text.take(answerOf({ content: [{ type: 'refusal', refusal: 'I will not.' }] }, field));
    t.is(text.characters('received'), 11);
    t.is(await text.tokens('sandbox', 'received'), 3);
  });
}

test('the input of a custom tool counts in a body of which only the beginning came', (t) => {
  const text = received(chat);
  text.takePartial(JSON.stringify(answerOf(asCustom)).slice(0, -12));
  t.true(text.characters('received') >= code.length - 5);
});

const detailsOf = (...texts: readonly string[]) =>
  texts.map((text, index) => ({ type: 'reasoning.text', text, index, signature: 'sealed' }));

const beyondText: readonly (readonly [string, () => Json, number])[] = [
  ['details of a reasoning', () => ({ reasoning_details: detailsOf('think', 'ing') }), 8],
  [
    'a summary among the details',
    () => ({ reasoning_details: [{ type: 'reasoning.summary', summary: 'thinking' }] }),
    8,
  ],
  [
    'details that say the reasoning again',
    () => ({ reasoning: 'thinking', reasoning_details: detailsOf('think', 'ing') }),
    8,
  ],
  [
    'a reasoning that says its details again',
    () => ({ reasoning_details: detailsOf('think', 'ing'), reasoning: 'thinking' }),
    8,
  ],
  [
    'details that say more',
    () => ({ reasoning: 'thinking', reasoning_details: detailsOf('think', 'hard') }),
    12,
  ],
  ['a part that thinks', () => ({ content: [{ type: 'thinking', thinking: 'thinking' }] }), 8],
  [
    'parts within a part',
    () => ({
      content: [
        { type: 'thinking', thinking: [{ type: 'text', text: 'thinking' }] },
        { type: 'output_text', text: 'said', id: 'part_1', annotations: [{ title: 'Source' }] },
      ],
    }),
    12,
  ],
  ['what a part alone knows', () => ({ content: [{ type: 'new', markup: 'thinking' }] }), 8],
];

for (const field of ['message', 'delta']) {
  for (const [name, message, count] of beyondText) {
    test(`it counts and is cut: ${name} (${field})`, async (t) => {
      const answer = answerOf(message(), field);
      const whole = received(chat);
      whole.take(answer);
      t.is(whole.characters('received'), count);
      t.is(await whole.tokens('sandbox', 'received'), Math.ceil(count / 4));
      t.false(characterLimit(count, chat)(answer), 'all of it is paid');
      t.deepEqual(answer.choices, [{ index: 0, [field]: message() }]);
      t.true(characterLimit(count - 5, chat)(answer));
      t.is(charactersOf(answer), count - 5);
    });
  }
}

test('details are cut where the reasoning is that they say again', (t) => {
  const message: Json = { reasoning: 'thinking', reasoning_details: detailsOf('think', 'ing') };
  characterLimit(6, chat)(answerOf(message));
  t.deepEqual(message, { reasoning: 'thinki', reasoning_details: detailsOf('think', 'i') });
});

test('what seals a reasoning is no text of it', (t) => {
  t.is(charactersOf(answerOf({ reasoning_details: [{ type: 'encrypted', data: 'c2VhbA' }] })), 0);
});

test('the beginning of a body counts as far as it goes', (t) => {
  const answer: Json = {
    id: 'x',
    choices: [
      {
        index: 0,
        message: {
          content: [{ type: 'text', text: 'He said: "so\\u12 {be}, it"' }],
          reasoning: 'thinking',
          reasoning_details: detailsOf('think', 'ing'),
          tool_calls: [{ function: { name: 'run', arguments: '{"a": "\u{1F600}"}' } }],
        },
        finish_reason: 'stop',
      },
      { index: 1, message: { content: 'twice', refusal: null }, logprobs: null },
    ],
    usage: { completion_tokens: 12 },
  };
  const body = JSON.stringify(answer);
  let last = 0;
  for (let length = 0; length <= body.length; length += 1) {
    const text = received(chat);
    text.takePartial(body.slice(0, length));
    const count = text.characters('received');
    t.true(count >= last && count <= last + 2, `${count} after ${last} at ${length}`);
    last = count;
  }
  const whole = received(chat);
  whole.take(answer);
  t.is(last, whole.characters('received'));
  const beginning = received(chat);
  beginning.takePartial(body.slice(0, body.indexOf('"usage"')));
  t.deepEqual(beginning.newText(), whole.newText());
});

test('a body that is no JSON has no text', (t) => {
  for (const body of ['', 'busy', '<html>', '[1, 2', '"choices', '}{', '{"choices": [{"message"']) {
    const text = received(chat);
    text.takePartial(body);
    t.true(text.isEmpty(), body);
  }
});

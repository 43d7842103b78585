import test from 'ava';
import { characterLimit } from '../../../src/adapters/llm/character-limit.ts';
import { received } from '../../../src/adapters/llm/received.ts';
import type { Json } from '../../../src/adapters/llm/upstream.ts';

const answerOf = (message: Json, field = 'message'): Json => ({
  choices: [{ index: 0, [field]: message }],
});

function charactersOf(answer: Json): number {
  const text = received();
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
      t.false(characterLimit(count)(answer), 'all of it is paid');
      t.true(characterLimit(count - 1)(answer));
      t.is(charactersOf(answer), count - 1);
    });
  }
}

test('reasoning that is said twice is cut twice', (t) => {
  const message: Json = { reasoning_content: 'thinking', reasoning: 'thinking' };
  characterLimit(5)(answerOf(message));
  t.deepEqual(message, { reasoning_content: 'think', reasoning: 'think' });
});

test('reasoning that is said twice counts once in the beginning of a body, wherever that ends', (t) => {
  const body = JSON.stringify(answerOf({ reasoning: 'thinking', reasoning_content: 'thinking' }));
  for (const cut of [1, 8]) {
    const text = received();
    text.takePartial(body.slice(0, -cut));
    t.is(text.characters('received'), 8);
  }
});

const code = 'print("hello world")';
const asFunction: Json = { tool_calls: [{ function: { name: 'run', arguments: code } }] };
const asCustom: Json = { tool_calls: [{ type: 'custom', custom: { name: 'run', input: code } }] };

for (const field of ['message', 'delta']) {
  test(`the input of a custom tool counts as the arguments of a function do (${field})`, async (t) => {
    const [custom, called] = [received(), received()];
    custom.take(answerOf(asCustom, field));
    called.take(answerOf(asFunction, field));
    t.is(custom.characters('received'), code.length);
    t.is(await custom.tokens('sandbox', 'received'), await called.tokens('sandbox', 'received'));
    t.deepEqual(custom.newText(), called.newText());
  });

  test(`a refusal among the parts of a content counts (${field})`, async (t) => {
    const text = received();
    text.take(answerOf({ content: [{ type: 'refusal', refusal: 'I will not.' }] }, field));
    t.is(text.characters('received'), 11);
    t.is(await text.tokens('sandbox', 'received'), 3);
  });
}

test('the input of a custom tool counts in a body of which only the beginning came', (t) => {
  const text = received();
  text.takePartial(JSON.stringify(answerOf(asCustom)).slice(0, -12));
  t.true(text.characters('received') >= code.length - 5);
});

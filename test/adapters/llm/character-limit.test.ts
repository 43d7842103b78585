import test from 'ava';
import { characterLimit } from '../../../src/adapters/llm/character-limit.ts';
import { chat } from '../../../src/adapters/llm/endpoints/chat.ts';
import type { Json } from '../../../src/adapters/llm/upstream.ts';

const logprobsOf = (...tokens: readonly string[]) => ({
  content: tokens.map((token) => ({ token, logprob: -0.1, bytes: null, top_logprobs: [] })),
});

for (const field of ['message', 'delta']) {
  test(`a choice that is cut keeps no logprobs of what it lost (${field})`, (t) => {
    const paid = { index: 0, [field]: { content: 'paid' }, logprobs: logprobsOf('paid') };
    const dear: Json = {
      ...{ index: 1, [field]: { content: 'half secret' } },
      logprobs: logprobsOf('half', ' secret'),
    };
    const choices = [{ ...paid, finish_reason: 'stop' }, dear];
    t.true(characterLimit(8, chat)({ choices }));
    t.like(choices[0], { logprobs: logprobsOf('paid') });
    t.like(choices[1], { [field]: { content: 'half' }, finish_reason: 'length', logprobs: null });
    t.notRegex(JSON.stringify(choices), /secret/);
  });
}

test('logprobs without a text spell nothing out', (t) => {
  for (const left of [0, 5]) {
    const limit = characterLimit(4 + left, chat);
    t.false(limit({ choices: [{ index: 0, delta: { content: 'paid' } }] }));
    const silent: Json = { index: 0, delta: {}, logprobs: logprobsOf(' secret') };
    t.false(limit({ choices: [silent] }));
    t.deepEqual(silent, { index: 0, delta: {}, logprobs: null });
  }
});

import test from 'ava';
import { CallFault } from '../../../src/adapters/llm/call-fault.ts';
import { inputBound, inputOf } from '../../../src/adapters/llm/input.ts';
import { sandboxUpstream } from '../../../src/adapters/llm/sandbox.ts';
import { sandboxTokens } from '../../../src/adapters/llm/tokenizer.ts';
import type { Json } from '../../../src/adapters/llm/upstream.ts';
import { usageFrom } from '../../../src/adapters/llm/usage.ts';
import { upstreamContract } from './upstream.contract.ts';

const sandbox = sandboxUpstream();
upstreamContract(test, { upstream: () => sandbox, model: 'demo', longModel: 'demo' });

const messages = [{ role: 'user', content: '帮我写一份产品介绍' }];

async function answerTo(body: Json, maxOutput = 4_096): Promise<Json> {
  const { signal } = new AbortController();
  const answer = await sandbox.ask({
    ...{ endpoint: 'chat' as const, model: 'demo', body },
    ...{ stream: false, maxOutput, signal },
  });
  if (answer.stream) throw new Error('It was not to stream.');
  return answer.body();
}

const textOf = ({ choices }: Json): string =>
  JSON.parse(JSON.stringify(choices))[0].message.content;

for (const [asked, tokens] of [
  [{}, 64],
  [{ max_tokens: 7 }, 7],
  [{ max_tokens: 7, max_completion_tokens: 5 }, 5],
  [{ max_tokens: 5_000 }, 4_096],
] as const) {
  test(`the sandbox writes ${tokens} tokens for ${JSON.stringify(asked)}`, async (t) => {
    const answer = await answerTo({ messages, ...asked });
    t.is(usageFrom(answer.usage)?.output, tokens);
    t.is(sandboxTokens(textOf(answer)), tokens);
  });
}

test('the sandbox says the same to the same request, and something else to another', async (t) => {
  const texts = await Promise.all([
    answerTo({ messages }),
    answerTo({ messages }),
    answerTo({ messages: [{ role: 'user', content: 'Something else' }] }),
  ]);
  const [first, second, third] = texts.map(textOf);
  t.is(first, second);
  t.not(first, third);
});

test('the sandbox counts its input as the bound does', async (t) => {
  const body = { messages, tools: [{ type: 'function', function: { name: 'look_up' } }] };
  const { usage } = await answerTo(body);
  t.is(usageFrom(usage)?.input, await inputBound('sandbox', inputOf(body)));
});

test('the sandbox refuses to write a library', async (t) => {
  const fault = await t.throwsAsync(answerTo({ messages, n: 128, max_tokens: 4_000 }), {
    instanceOf: CallFault,
  });
  t.is(fault?.code, 'upstream_refused');
});

import type { TestFn } from 'ava';
import type { Json, Upstream } from '../../../src/adapters/llm/upstream.ts';
import { usageFrom } from '../../../src/adapters/llm/usage.ts';
import { askChat, readChat } from '../../support/asking.ts';

export interface TranslatedUpstreamUnderTest {
  readonly upstream: () => Upstream;
  /** The same, which waits no longer than a second for anything. */
  readonly impatient: () => Upstream;
  /** What the first delta of a call with these arguments has. */
  readonly firstOfCall: (args: string) => Json;
}

/** What every upstream promises whose protocol is not OpenAI's. */
export function translatedUpstreamContract(
  test: TestFn,
  { upstream, impatient, firstOfCall }: TranslatedUpstreamUnderTest,
): void {
  for (const stream of [false, true]) {
    test(`a usage that is none is left out, stream ${stream}`, async (t) => {
      for (const how of ['no', 'rubbish']) {
        const said = await readChat(upstream(), `m?usage=${how}`, { stream });
        t.is(usageFrom(said.at(-1)?.usage), undefined);
      }
    });
  }

  test('a stream spells out the same, and a call without arguments has empty ones', async (t) => {
    for (const [tool, expected] of [
      ['yes', '{"city":"Paris","unit":"celsius"}'],
      ['bare', '{}'],
    ] as const) {
      const said = await readChat(upstream(), `m?thinking=2&tool=${tool}`, { stream: true });
      const chunks = JSON.parse(JSON.stringify(said));
      const deltas: Json[] = chunks.flatMap((chunk: { choices: { delta: Json }[] }) =>
        chunk.choices.map(({ delta }) => delta),
      );
      const joined = (field: string) => deltas.map((delta) => delta[field] ?? '').join('');
      t.like(deltas[0], { role: 'assistant' });
      t.is(joined('role'), 'assistant');
      t.is(joined('content'), 'Let me see.');
      t.is(joined('reasoning_content'), ' hm hm');
      const calls = deltas.flatMap(({ tool_calls: calls }) => (Array.isArray(calls) ? calls : []));
      t.like(calls[0], firstOfCall(expected));
      t.is(calls.map(({ function: { arguments: text } }) => text).join(''), expected);
      t.is(chunks.at(-2).choices[0].finish_reason, 'tool_calls');
    }
  });

  test('an answer whose connection fails behind its last word is whole, usage and all', async (t) => {
    const chunks = await readChat(upstream(), 'm?cut=late&output=6', { stream: true });
    t.is(usageFrom(chunks.at(-1)?.usage)?.output, 6);
  });

  test.serial(
    'of an answer that was broken off, what came is told in OpenAI’s shape',
    async (t) => {
      const answer = await askChat(impatient(), 'm?hang=mid&chunks=4&text=abc');
      if (answer.stream) throw new Error('It was not to stream.');
      await t.throwsAsync(answer.body());
      t.like(JSON.parse(answer.partial()), { choices: [{ message: { content: 'abcabc' } }] });
    },
  );
}

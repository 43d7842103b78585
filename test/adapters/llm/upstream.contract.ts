import type { TestFn } from 'ava';
import { CallFault } from '../../../src/adapters/llm/call-fault.ts';
import type { Json, Upstream } from '../../../src/adapters/llm/upstream.ts';
import { usageFrom } from '../../../src/adapters/llm/usage.ts';

export interface UpstreamUnderTest {
  readonly upstream: () => Upstream;
  /** A model that writes exactly as many tokens as it may, at most eight. */
  readonly model: string;
  /** A model whose stream goes on for at least a second, or for many turns. */
  readonly longModel: string;
  /** It gives one answer only, and says so to who wants more. */
  readonly single?: boolean;
}

const body: Json = { model: 'alias', messages: [{ role: 'user', content: 'Hello there' }] };

/** What every upstream promises. */
export function upstreamContract(
  test: TestFn,
  { upstream, model, longModel, single = false }: UpstreamUnderTest,
): void {
  const ask = (more: Json, { signal = new AbortController().signal, of = model } = {}) =>
    upstream().ask({
      endpoint: 'chat',
      model: of,
      body: { ...body, max_tokens: 8, ...more },
      stream: more.stream === true,
      maxOutput: 8,
      signal,
    });
  const chunksOf = async (more: Json): Promise<readonly Json[]> => {
    const answer = await ask({ ...more, stream: true });
    if (!answer.stream) throw new Error('It was to stream.');
    return (await Array.fromAsync(answer.chunks)).flat();
  };
  const bodyOf = async (more: Json): Promise<Json> => {
    const answer = await ask(more);
    if (answer.stream) throw new Error('It was not to stream.');
    return answer.body();
  };

  test('a body has choices and a usage', async (t) => {
    const { choices, usage } = await bodyOf({});
    t.true(Array.isArray(choices) && choices.length === 1);
    t.is(usageFrom(usage)?.output, 8);
  });

  test('a stream has chunks, then a finish reason, then its usage', async (t) => {
    const chunks = await chunksOf({});
    t.is(chunks.filter((chunk) => textOf(chunk) !== '').length, 8);
    t.regex(String(finishOf(chunks.at(-2))), /^(stop|length)$/);
    t.deepEqual(chunks.at(-1)?.choices, []);
    t.is(usageFrom(chunks.at(-1)?.usage)?.output, 8);
  });

  test('a stream and a body say the same', async (t) => {
    const chunks = await chunksOf({});
    const { choices } = await bodyOf({});
    const text = chunks.map(textOf).join('');
    t.true(text.length > 0);
    t.true(JSON.stringify(choices).includes(JSON.stringify(text)));
  });

  test('`n` answers are counted as `n`, or refused', async (t) => {
    if (single) {
      const fault = await t.throwsAsync(bodyOf({ n: 3 }), { instanceOf: CallFault });
      t.like(fault, { code: 'unsupported_input', param: 'n', retryable: true });
      return;
    }
    const { choices, usage } = await bodyOf({ n: 3 });
    t.true(Array.isArray(choices) && choices.length === 3);
    t.is(usageFrom(usage)?.output, 24);
  });

  test('an aborted stream ends in a fault, not in silence', async (t) => {
    const abort = new AbortController();
    const answer = await ask(
      { stream: true, max_tokens: 1_000 },
      { signal: abort.signal, of: longModel },
    );
    if (!answer.stream) throw new Error('It was to stream.');
    const read = async () => {
      for await (const _ of answer.chunks) abort.abort();
    };
    await t.throwsAsync(read, { instanceOf: CallFault });
  });
}

const choiceOf = (chunk: Json | undefined): Json | undefined =>
  Array.isArray(chunk?.choices) ? chunk.choices[0] : undefined;
const finishOf = (chunk: Json | undefined): unknown => choiceOf(chunk)?.finish_reason;

function textOf(chunk: Json): string {
  const delta = choiceOf(chunk)?.delta;
  if (typeof delta !== 'object' || delta === null || !('content' in delta)) return '';
  return String(delta.content ?? '');
}

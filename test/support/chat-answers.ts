import fc from 'fast-check';
import type { Json } from '../../src/adapters/llm/upstream.ts';

interface Call {
  readonly kind: 'function' | 'custom';
  readonly id: string;
  readonly name: string;
  readonly text: string;
}

/** A whole answer of a model, as a chat completion can say it. */
export interface ChatAnswerSaid {
  readonly thought: string;
  /** What signs the thought; empty: nothing does. */
  readonly signature: string;
  readonly content: string;
  readonly refusal: string;
  readonly calls: readonly Call[];
  readonly finish: string;
  readonly usage: {
    readonly prompt: number;
    readonly cached: number;
    readonly completion: number;
    readonly reasoning: number;
  };
}

const text = fc.string({ unit: 'grapheme', maxLength: 30 });
const json = fc
  .dictionary(fc.stringMatching(/^[a-z]{1,8}$/), fc.jsonValue({ maxDepth: 1 }), { maxKeys: 3 })
  .map((given) => JSON.stringify(given));
const name = fc.stringMatching(/^[a-z_]{1,12}$/);
const id = fc.stringMatching(/^call_[a-zA-Z0-9]{4,12}$/);
const call: fc.Arbitrary<Call> = fc.oneof(
  fc.record({ kind: fc.constant('function' as const), id, name, text: json }),
  fc.record({ kind: fc.constant('custom' as const), id, name, text }),
);
const count = fc.nat(1_000_000);

export const anyChatAnswer: fc.Arbitrary<ChatAnswerSaid> = fc
  .record({
    thought: text,
    signature: fc.oneof(fc.constant(''), fc.base64String({ minLength: 4, maxLength: 12 })),
    content: text,
    refusal: fc.oneof({ weight: 3, arbitrary: fc.constant('') }, text),
    calls: fc.uniqueArray(call, { maxLength: 3, selector: ({ id: own }) => own }),
    finish: fc.constantFrom('stop', 'tool_calls', 'length', 'content_filter'),
    usage: fc.record({ prompt: count, cached: count, completion: count, reasoning: count }),
  })
  .map(({ usage, ...answer }) => ({
    ...answer,
    signature: answer.thought === '' ? '' : answer.signature,
    usage: {
      ...usage,
      cached: Math.min(usage.cached, usage.prompt),
      reasoning: Math.min(usage.reasoning, usage.completion),
    },
  }));

const usageOf = ({ usage: { prompt, cached, completion, reasoning } }: ChatAnswerSaid) => ({
  prompt_tokens: prompt,
  completion_tokens: completion,
  total_tokens: prompt + completion,
  prompt_tokens_details: { cached_tokens: cached },
  completion_tokens_details: { reasoning_tokens: reasoning },
});

const thoughtOf = ({ thought, signature }: ChatAnswerSaid): Json =>
  signature === ''
    ? { reasoning_content: thought }
    : {
        reasoning_content: thought,
        reasoning_details: [{ type: 'reasoning.text', text: thought, signature }],
      };

const calling = ({ kind, name: called, text: said }: Call): Json =>
  kind === 'function'
    ? { type: kind, function: { name: called, arguments: said } }
    : { type: kind, custom: { name: called, input: said } };

/** The answer at once. */
export const completionOf = (answer: ChatAnswerSaid): Json => ({
  object: 'chat.completion',
  choices: [
    {
      index: 0,
      message: {
        role: 'assistant',
        content: answer.content,
        refusal: answer.refusal === '' ? null : answer.refusal,
        ...thoughtOf(answer),
        ...(answer.calls.length > 0
          ? { tool_calls: answer.calls.map((each) => ({ id: each.id, ...calling(each) })) }
          : {}),
      },
      finish_reason: answer.finish,
    },
  ],
  usage: usageOf(answer),
});

const pieces = (whole: string, length: number): readonly string[] =>
  Array.from({ length: Math.ceil(whole.length / length) }, (_, at) =>
    whole.slice(at * length, (at + 1) * length),
  );

/** Its calls in pieces, one call after the other or all of them at once. */
function callDeltas(calls: readonly Call[], piece: number, sideBySide: boolean): readonly Json[] {
  const deltas = calls.map((each, index) => [
    { index, id: each.id, ...calling({ ...each, text: '' }) },
    ...pieces(each.text, piece).map((part) => ({
      index,
      [each.kind]: { [each.kind === 'function' ? 'arguments' : 'input']: part },
    })),
  ]);
  if (!sideBySide) return deltas.flat();
  const longest = Math.max(0, ...deltas.map(({ length }) => length));
  return Array.from({ length: longest }, (_, at) =>
    deltas.flatMap((each) => each[at] ?? []),
  ).flat();
}

/** The same in chunks, its texts in pieces of so many code units. */
export function chunksOf(
  answer: ChatAnswerSaid,
  piece: number,
  sideBySide = false,
): readonly Json[] {
  const chunk = (delta: Json, finish: string | null = null): Json => ({
    object: 'chat.completion.chunk',
    choices: [{ index: 0, delta, finish_reason: finish }],
  });
  const { thought, signature, content, refusal, calls, finish } = answer;
  const details = (detail: Json) => ({ reasoning_details: [{ index: 0, ...detail }] });
  return [
    chunk({ role: 'assistant', content: '' }),
    ...pieces(thought, piece).map((part) =>
      chunk({
        reasoning_content: part,
        ...(signature === '' ? {} : details({ type: 'reasoning.text', text: part })),
      }),
    ),
    ...(signature === ''
      ? []
      : [chunk({ reasoning_content: '', ...details({ type: 'reasoning.text', signature }) })]),
    ...pieces(content, piece).map((part) => chunk({ content: part })),
    ...pieces(refusal, piece).map((part) => chunk({ refusal: part })),
    ...callDeltas(calls, piece, sideBySide).map((delta) => chunk({ tool_calls: [delta] })),
    chunk({}, finish),
    { object: 'chat.completion.chunk', choices: [], usage: usageOf(answer) },
  ];
}

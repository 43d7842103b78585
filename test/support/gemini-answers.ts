import fc from 'fast-check';

export interface AnswerPart {
  readonly text?: string;
  readonly thought?: true;
  readonly thoughtSignature?: string;
  readonly functionCall?: {
    readonly id?: string;
    readonly name: string;
    readonly args?: Readonly<Record<string, unknown>>;
  };
}

/** A whole answer in Gemini's words. */
export interface WholeAnswer {
  readonly candidates: readonly {
    readonly index: number;
    readonly content: { readonly role: 'model'; readonly parts: readonly AnswerPart[] };
    readonly finishReason: string;
  }[];
  readonly usageMetadata: Readonly<Record<string, number>>;
}

const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 30 });
export const args = fc
  .dictionary(fc.stringMatching(/^[a-z]{1,8}$/), fc.jsonValue({ maxDepth: 1 }), { maxKeys: 3 })
  .map((given): Record<string, unknown> => JSON.parse(JSON.stringify(given)));

const part: fc.Arbitrary<AnswerPart> = fc.oneof(
  text.map((said) => ({ text: said })),
  text.map((said) => ({ text: said, thought: true as const })),
  fc
    .record({
      functionCall: fc.record(
        {
          id: fc.stringMatching(/^fc_[a-z0-9]{4,12}$/),
          name: fc.stringMatching(/^[a-z_]{1,12}$/),
          args,
        },
        { requiredKeys: ['name'] },
      ),
      thoughtSignature: fc.option(fc.base64String({ minLength: 4, maxLength: 12 }), {
        nil: undefined,
      }),
    })
    .map((given): AnswerPart => JSON.parse(JSON.stringify(given))),
);

const count = fc.nat(1_000_000);

/** One to three candidates, and a count in which nothing is more than what holds it. */
export const wholeAnswer: fc.Arbitrary<WholeAnswer> = fc
  .record({
    all: fc.array(
      fc.record({
        parts: fc.array(part, { maxLength: 6 }),
        finishReason: fc.constantFrom('STOP', 'MAX_TOKENS', 'SAFETY', 'OTHER'),
      }),
      { minLength: 1, maxLength: 3 },
    ),
    counts: fc.record({
      fresh: count,
      cachedContentTokenCount: count,
      toolUsePromptTokenCount: count,
      candidatesTokenCount: fc.integer({ min: 1, max: 1_000_000 }),
      thoughtsTokenCount: count,
    }),
  })
  .map(({ all, counts: { fresh, ...counts } }) => ({
    candidates: all.map(({ parts, finishReason }, index) => ({
      index,
      content: { role: 'model', parts },
      finishReason,
    })),
    usageMetadata: {
      promptTokenCount: fresh + counts.cachedContentTokenCount,
      ...counts,
    },
  }));

/** The same as Gemini streams it: a part an event, texts in pieces, every event with a count. */
export function eventsOf(
  { candidates, usageMetadata }: WholeAnswer,
  piece: number,
): readonly object[] {
  const told = candidates.flatMap(({ index, content, finishReason }) => [
    ...content.parts
      .flatMap((each) => pieces(each, piece))
      .map((each) => ({
        candidates: [{ index, content: { role: 'model', parts: [each] } }],
      })),
    { candidates: [{ index, content: { role: 'model', parts: [{ text: '' }] }, finishReason }] },
  ]);
  const { promptTokenCount = 0 } = usageMetadata;
  return told.map((event, at) => ({
    ...event,
    usageMetadata: at === told.length - 1 ? usageMetadata : { promptTokenCount },
  }));
}

function pieces(given: AnswerPart, length: number): readonly AnswerPart[] {
  const { text: whole, ...rest } = given;
  if (whole === undefined) return [given];
  return Array.from({ length: Math.ceil(whole.length / length) }, (_, at) => ({
    ...rest,
    text: whole.slice(at * length, (at + 1) * length),
  }));
}

import { z } from 'zod';
import type { Usage } from '../../../domain/price-list/usage.ts';
import { noUsage } from '../../../domain/price-list/usage.ts';
import type { Measure } from './measure.ts';

/** A sound of one second is so many tokens, as OpenAI counts them. */
const tokensPerSecond = 10;

/** No sound is longer. */
const mostSeconds = 1_000_000;
const Written = z.string().regex(/^\d+(\.\d+)?$/);
/** A second that has begun counts; a sound of none at all is one that nobody measured. */
const Seconds = z
  .union([z.number(), Written.transform(Number)])
  .pipe(z.number().gt(0).max(mostSeconds))
  .transform((seconds) => Math.ceil(seconds));

/** `usage` of OpenAI's newer answers, or what older ones say beside the text. */
const Duration = z.union([
  z.looseObject({ type: z.literal('duration'), seconds: Seconds }),
  z.looseObject({ duration: Seconds }).transform(({ duration }) => ({ seconds: duration })),
]);

const Count = z.int().min(0).max(1_000_000_000);
const Tokens = z.looseObject({
  type: z.literal('tokens').optional(),
  input_tokens: Count,
  output_tokens: Count,
  input_token_details: z.looseObject({ audio_tokens: Count, text_tokens: Count.nullish() }),
});

/** What is listened to, by the second. Seconds are no tokens: no allowance of those can pay for them. */
export const heardSeconds: Measure = {
  needs: () => ['second'],
  output: null,
  inTokens: false,
  boundOf: ({ sound }) => ({ ...noUsage, seconds: sound?.mostSeconds ?? 0 }),
  usageOf(said) {
    const parsed = Duration.safeParse(said);
    return parsed.success ? { ...noUsage, seconds: parsed.data.seconds } : undefined;
  },
  counted: (_, { sound }) => ({ ...noUsage, seconds: sound?.seconds ?? 0 }),
};

/** The same by tokens: of the sound, of a prompt beside it, and of what is written. */
export const heardTokens: Measure = {
  needs: () => ['audioInput'],
  output: 'output',
  inTokens: true,
  boundOf: ({ sound }, { input }) => ({
    ...noUsage,
    input,
    audioInput: tokensPerSecond * (sound?.mostSeconds ?? 0),
  }),
  usageOf(said, _, { isEmpty }) {
    const parsed = Tokens.safeParse(said);
    if (!parsed.success) return undefined;
    const { input_tokens: input, output_tokens: output, input_token_details: parts } = parsed.data;
    const text = input - parts.audio_tokens;
    if (text < 0 || (output === 0 && !isEmpty)) return undefined;
    return { ...noUsage, input: text, audioInput: parts.audio_tokens, output };
  },
  counted: ({ input, output }, { sound }) => ({
    ...noUsage,
    ...{ input, output },
    audioInput: tokensPerSecond * (sound?.seconds ?? 0),
  }),
};

/** A transcription's usage as OpenAI writes it. */
export function heardAsOpenAi(usage: Usage) {
  const { seconds, input, output, audioInput = 0 } = usage;
  if (seconds !== undefined) return { type: 'duration', seconds };
  return {
    type: 'tokens',
    input_tokens: input + audioInput,
    input_token_details: { text_tokens: input, audio_tokens: audioInput },
    output_tokens: output,
    total_tokens: input + audioInput + output,
  };
}

/** What is read aloud, by the character: exact before it begins, and the same whatever is heard of it. */
export const readCharacters: Measure = {
  needs: () => ['character'],
  output: null,
  inTokens: false,
  boundOf: ({ characters }) => ({ ...noUsage, characters: characters ?? 0 }),
  usageOf: (_, { characters }) => ({ ...noUsage, characters: characters ?? 0 }),
  counted: (_, { characters }) => ({ ...noUsage, characters: characters ?? 0 }),
};

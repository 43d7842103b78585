import { z } from 'zod';

const Count = z.int().nonnegative();

/** What a call consumed, in disjoint classes: nothing is counted twice. */
export const Usage = z.object({
  input: Count,
  cachedInput: Count,
  output: Count,
  reasoning: Count,
});
export type Usage = z.infer<typeof Usage>;

export const usageClasses = ['input', 'cachedInput', 'output', 'reasoning'] as const;
export type UsageClass = (typeof usageClasses)[number];

/** Tokens as an allowance of `tokens` counts them: input plus output. */
export const tokensOf = (usage: Usage): number =>
  usage.input + usage.cachedInput + usage.output + usage.reasoning;

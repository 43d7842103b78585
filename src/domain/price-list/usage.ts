import { z } from 'zod';

const Count = z.int().nonnegative();

export const Usage = z
  .object({
    input: Count.describe('tokens of input that no cache had'),
    cachedInput: Count.describe(`tokens of input from the upstream's cache`),
    output: Count.describe('tokens of the answer'),
    reasoning: Count.describe('tokens of thinking before it'),
  })
  .describe('what a call consumed, in disjoint classes: nothing is counted twice');
export type Usage = z.infer<typeof Usage>;

export const usageClasses = ['input', 'cachedInput', 'output', 'reasoning'] as const;
export type UsageClass = (typeof usageClasses)[number];

/** Tokens as an allowance of `tokens` counts them: input plus output. */
export const tokensOf = (usage: Usage): number =>
  usage.input + usage.cachedInput + usage.output + usage.reasoning;

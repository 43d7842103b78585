import { z } from 'zod';

const Count = z.int().nonnegative();

export const Usage = z
  .object({
    input: Count.describe('tokens of input that no cache had'),
    cachedInput: Count.describe(`tokens of input from the upstream's cache`),
    output: Count.describe('tokens of the answer'),
    reasoning: Count.describe('tokens of thinking before it'),
    cacheWrite: Count.optional().describe(
      `tokens of input that the upstream's cache took; absent: none`,
    ),
  })
  .describe('what a call consumed, in disjoint classes: nothing is counted twice');
export type Usage = z.infer<typeof Usage>;

export const usageClasses = ['input', 'cachedInput', 'cacheWrite', 'output', 'reasoning'] as const;
export type UsageClass = (typeof usageClasses)[number];

/** Tokens as an allowance of `tokens` counts them: input plus output. */
export const tokensOf = (usage: Usage): number => inputOf(usage) + outputOf(usage);

/** All that went in, whichever class it falls into. */
export const inputOf = ({ input, cachedInput, cacheWrite = 0 }: Usage): number =>
  input + cachedInput + cacheWrite;

/** All that was written, thinking included. */
export const outputOf = ({ output, reasoning }: Usage): number => output + reasoning;

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
    audioInput: Count.optional().describe('tokens of sound that went in; absent: none'),
    audioOutput: Count.optional().describe('tokens of sound that came out; absent: none'),
    imageInput: Count.optional().describe('tokens of pictures that went in; absent: none'),
    imageOutput: Count.optional().describe('tokens of pictures that came out; absent: none'),
    images: Count.optional().describe('pictures made, where they are sold by the piece'),
    seconds: Count.optional().describe(
      'of sound that was listened to, each begun one, where it is sold by the second',
    ),
    characters: Count.optional().describe(
      'code points read aloud, where speech is sold by the character',
    ),
  })
  .describe('what a call consumed, in disjoint classes: nothing is counted twice');
export type Usage = z.infer<typeof Usage>;

/** Classes that are counted in tokens. */
export const tokenClasses = [
  'input',
  'cachedInput',
  'cacheWrite',
  'output',
  'reasoning',
  'audioInput',
  'audioOutput',
  'imageInput',
  'imageOutput',
] as const;
/** Classes that are counted by the piece; no token is in them. */
export const unitClasses = ['images', 'seconds', 'characters'] as const;
export const usageClasses = [...tokenClasses, ...unitClasses] as const;
export type UsageClass = (typeof usageClasses)[number];

export const noUsage: Usage = { input: 0, cachedInput: 0, output: 0, reasoning: 0 };

/** Tokens as an allowance of `tokens` counts them: input plus output. */
export const tokensOf = (usage: Usage): number => inputOf(usage) + outputOf(usage);

/** All tokens that went in, whichever class they fall into. */
export const inputOf = (usage: Usage): number => {
  const { input, cachedInput, cacheWrite = 0, audioInput = 0, imageInput = 0 } = usage;
  return input + cachedInput + cacheWrite + audioInput + imageInput;
};

/** All tokens that came out, thinking included. */
export const outputOf = (usage: Usage): number => {
  const { output, reasoning, audioOutput = 0, imageOutput = 0 } = usage;
  return output + reasoning + audioOutput + imageOutput;
};

/** Neither a token nor a piece of anything. */
export const isNothing = (usage: Usage): boolean =>
  tokensOf(usage) === 0 && unitClasses.every((each) => !usage[each]);

import { z } from 'zod';
import { noUsage } from '../../../domain/price-list/usage.ts';
import type { Measure } from './measure.ts';

const Count = z.int().min(0).max(1_000_000_000);
const Tokens = z.looseObject({
  input_tokens: Count,
  output_tokens: Count,
  input_tokens_details: z
    .looseObject({ text_tokens: Count.nullish(), image_tokens: Count.nullish() })
    .nullish(),
});

/** Pictures by the piece, whatever their size and quality. */
export const pictures: Measure = {
  needs: () => ['image'],
  output: null,
  inTokens: false,
  boundOf: (_, { n }) => ({ ...noUsage, images: n }),
  usageOf: (_, __, { pieces }) => (pieces > 0 ? { ...noUsage, images: pieces } : undefined),
  counted: ({ pieces }) => ({ ...noUsage, images: pieces }),
};

/** Pictures by their tokens, and by those of the text and the pictures that they are made from. */
export const pictureTokens: Measure = {
  needs: () => ['imageInput', 'imageOutput'],
  output: null,
  inTokens: true,
  boundOf: ({ picture }, { input, n }) => ({
    ...noUsage,
    input,
    imageInput: picture?.givenTokens ?? 0,
    imageOutput: n * (picture?.mostTokens ?? 0),
  }),
  usageOf(said) {
    const parsed = Tokens.safeParse(said);
    if (!parsed.success) return undefined;
    const { input_tokens: all, output_tokens: imageOutput, input_tokens_details: of } = parsed.data;
    const imageInput = of?.image_tokens ?? 0;
    const input = all - imageInput;
    return input < 0 || imageOutput === 0
      ? undefined
      : { ...noUsage, input, imageInput, imageOutput };
  },
  counted: ({ input, pieces }, { picture }) => ({
    ...noUsage,
    input,
    imageInput: picture?.givenTokens ?? 0,
    imageOutput: pieces * (picture?.usualTokens ?? 0),
  }),
};

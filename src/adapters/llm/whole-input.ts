import { heardTokens } from './chat-sounds.ts';
import type { Bounds } from './endpoints/measure.ts';
import type { Input } from './input.ts';
import { inputBound, inputTokens } from './input.ts';
import { pictureTokens } from './pictures.ts';
import type { Family } from './tokenizer.ts';

/** Who reads an input. */
export interface Reader {
  readonly family: Family;
  readonly model: string;
}

/** The tokens of a whole input as its reader counts them, pictures of an unknown size as usual ones. */
export const wholeInputTokens = async (reader: Reader, input: Input): Promise<number> =>
  (await inputTokens(reader.family, input)) + pictureTokens(reader, input.pictures, 'usual');

/** The same where any of several may read it: as many as the one that counts most. */
export const mostInputTokens = async (readers: readonly Reader[], input: Input): Promise<number> =>
  (await widest(readers, (family) => inputTokens(family, input))) +
  largestPictures(readers, input, 'usual');

/** Never less than what any of them may count (MONEY, "What a call may cost"). */
export const mostInputBound = async (readers: readonly Reader[], input: Input): Promise<number> =>
  (await widest(readers, (family) => inputBound(family, input))) +
  largestPictures(readers, input, 'most');

/** The same with its sounds apart; `more` is input that is found elsewhere. */
export async function inputBounds(
  readers: readonly Reader[],
  input: Input,
  more: number,
): Promise<Bounds> {
  const heard = readers.map((reader) => heardTokens(reader, input.sounds, 'most'));
  return { input: more + (await mostInputBound(readers, input)), heard: Math.max(...heard) };
}

/** Never less than what the part of a prediction that an answer doesn't say may come to, as its output. */
export function predictedBound(readers: readonly Reader[], input: Input): Promise<number> {
  const { predicted: texts = [] } = input;
  if (texts.length === 0) return Promise.resolve(0);
  return widest(readers, (family) =>
    inputBound(family, { texts, wrappers: texts.length, characters: null }),
  );
}

async function widest(
  readers: readonly Reader[],
  count: (family: Family) => Promise<number>,
): Promise<number> {
  const families = new Set(readers.map(({ family }) => family));
  return Math.max(...(await Promise.all([...families].map(count))));
}

const largestPictures = (
  readers: readonly Reader[],
  { pictures }: Input,
  how: 'most' | 'usual',
): number => Math.max(...readers.map((reader) => pictureTokens(reader, pictures, how)));

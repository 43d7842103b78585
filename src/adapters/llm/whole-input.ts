import { CallFault } from './call-fault.ts';
import { heardTokens } from './chat-sounds.ts';
import type { Bounds } from './endpoints/measure.ts';
import type { GivenFile, Input } from './input.ts';
import { inputBound, inputTokens } from './input-tokens.ts';
import { pictureTokens } from './pictures.ts';
import type { Family } from './tokenizer.ts';

/** What a call's input comes to at most, and for one of its choices what is predicted of its answer. */
export interface CountedInput {
  readonly bounds: Bounds;
  readonly predicted: number;
}

/** Who reads an input. */
export interface Reader {
  readonly family: Family;
  readonly model: string;
}

/**
 * The tokens of a whole input as its reader counts them: pictures of an unknown size as usual ones, and of files
 * what is text. What a PDF says nobody here knows.
 */
export const wholeInputTokens = async (reader: Reader, input: Input): Promise<number> =>
  (await inputTokens(reader.family, withFileTexts(input))) +
  pictureTokens(reader, input.pictures, 'usual');

/** Decoded when they are counted, and never kept. */
function withFileTexts(input: Input): Input {
  const { texts, files = [] } = input;
  if (files.length === 0) return input;
  return { ...input, texts: [...texts, ...files.flatMap(({ text }) => text?.() ?? [])] };
}

/** The same where any of several may read it: as many as the one that counts most. */
export async function mostInputTokens(readers: readonly Reader[], input: Input): Promise<number> {
  const whole = withFileTexts(input);
  return (
    (await widest(readers, (family) => inputTokens(family, whole))) +
    largestPictures(readers, input, 'usual')
  );
}

/** Refuses what can't be counted before it is read. */
export function refuseUncounted({ files = [] }: Input): void {
  const [uncounted] = files.filter(({ text }) => text === null);
  if (uncounted) throw fileFault('files_uncounted', uncounted);
}

/** Never less than what any of them may count but for files (`ops/charging.md`). */
export const mostInputBound = async (readers: readonly Reader[], input: Input): Promise<number> =>
  (await widest(readers, (family) => inputBound(family, input))) +
  largestPictures(readers, input, 'most');

/**
 * The same of a whole input, with its sounds apart. `more` is input that is found elsewhere, and read in turns of
 * its own; `ceiling` is what a reader takes at most in one, undefined where nobody has said it. Throws a `CallFault`
 * for files that nothing bounds.
 */
export async function inputBounds(
  readers: readonly Reader[],
  input: Input,
  more: number,
  ceiling?: number,
): Promise<Bounds> {
  const own = await mostInputBound(readers, input);
  const heard = Math.max(...readers.map((reader) => heardTokens(reader, input.sounds, 'most')));
  const [file] = input.files ?? [];
  if (ceiling === undefined) {
    if (file) throw fileFault('files_unbounded', file);
    return { input: more + own, heard };
  }
  return {
    input: more + (await underCeiling(readers, input, { own, ceiling })),
    heard: Math.min(heard, ceiling),
  };
}

/** What `inputBounds` and `predictedBound` come to at most for a text; none of it is counted. */
export async function uncountedBounds(
  readers: readonly Reader[],
  input: Input,
  more: number,
): Promise<CountedInput> {
  // No token is shorter than a byte, and no vocabulary's bound is more than a tenth above its count.
  const most = async (of: Input) => Math.ceil(1.1 * (await inputBound('unknown', of)));
  const own = (await most(input)) + largestPictures(readers, input, 'most');
  const heard = Math.max(...readers.map((reader) => heardTokens(reader, input.sounds, 'most')));
  return {
    bounds: { input: more + own, heard },
    predicted: input.predicted ? await most(predictionOf(input)) : 0,
  };
}

/** What has files may fill all of it. */
async function underCeiling(
  readers: readonly Reader[],
  input: Input,
  { own, ceiling }: { readonly own: number; readonly ceiling: number },
): Promise<number> {
  if (own <= ceiling) return input.files ? ceiling : own;
  // Whose text alone counts more shows that some reader takes more than was said.
  return Math.max(ceiling, await mostInputTokens(readers, input));
}

const fileFault = (why: 'files_unbounded' | 'files_uncounted', { path: param }: GivenFile) =>
  new CallFault('unsupported_input', `The tokens of \`${param}\` are not known.`, {
    ...{ param, why, values: { param } },
  });

/** Never less than what the part of a prediction that an answer doesn't say may come to, as its output. */
export function predictedBound(readers: readonly Reader[], input: Input): Promise<number> {
  if (!input.predicted?.length) return Promise.resolve(0);
  const prediction = predictionOf(input);
  return widest(readers, (family) => inputBound(family, prediction));
}

const predictionOf = ({ predicted: texts = [], client }: Input): Input => ({
  texts,
  wrappers: texts.length,
  characters: null,
  ...(client && { client }),
});

/** Counts an input, which takes its time. */
export type CountBounds = (
  readers: readonly Reader[],
  input: Input,
  more: number,
  ceiling?: number,
) => Promise<CountedInput>;

export const countBounds: CountBounds = async (readers, input, more, ceiling) => ({
  bounds: await inputBounds(readers, input, more, ceiling),
  predicted: await predictedBound(readers, input),
});

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

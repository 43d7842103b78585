import type { PriceName } from '../../../domain/price-list/events.ts';
import type { Usage } from '../../../domain/price-list/usage.ts';
import { noUsage, outputOf } from '../../../domain/price-list/usage.ts';
import type { Input } from '../input.ts';
import { soundsOf, soundUsageFrom, usageFrom } from '../usage.ts';

/** What has come of an answer. */
export interface Came {
  /** Nothing that a model has written. */
  readonly isEmpty: boolean;
  /** Whole pictures. */
  readonly pieces: number;
  /** Some of it is sound, among what a model has written. */
  readonly hasSpoken: boolean;
}

/** Our own count of a call, bounded by what is held for it. */
export interface OwnCount {
  /** Tokens of text. */
  readonly input: number;
  readonly output: number;
  /** Tokens of the sounds in a chat, and of its spoken answer. */
  readonly heard: number;
  readonly spoken: number;
  readonly pieces: number;
}

/** The most that goes in, in tokens. */
export interface Bounds {
  /** Of its text. */
  readonly input: number;
  /** Of the sounds in a chat. */
  readonly heard: number;
}

/** One way of counting what a call consumes: a usage has something of its classes alone. */
export interface Measure {
  /** Prices that a list must have for it; those of tokens of text it has always. */
  needs(input: Input): readonly PriceName[];
  /** Its output is sold by the token and as long as its limit says; null: it isn't. */
  readonly output: 'output' | null;
  /** A bound in tokens is one of the whole call: allowances of tokens can pay for it. */
  readonly inTokens: boolean;
  /** The most that goes in, and that comes out by the piece. */
  boundOf(input: Input, bounds: Bounds & { readonly n: number }): Usage;
  /** The usage of a whole answer; undefined: it has to be counted. */
  usageOf(said: unknown, input: Input, came: Came): Usage | undefined;
  /** The same of an answer that nobody has counted, or of a part of one. */
  counted(own: OwnCount, input: Input): Usage;
}

/** Tokens of text, in and out. */
export const textTokens: Measure = {
  needs: () => [],
  output: 'output',
  inTokens: true,
  boundOf: (_, { input }) => ({ ...noUsage, input }),
  usageOf(said, _, { isEmpty }) {
    const usage = usageFrom(said);
    // A count of no output beside an output is a count from before it.
    return usage && (usage.output + usage.reasoning > 0 || isEmpty) ? usage : undefined;
  },
  counted: ({ input, output }) => ({ ...noUsage, input, output }),
};

/** The same of a chat, in which some of it may be sound. */
export const chatTokens: Measure = {
  ...textTokens,
  needs: ({ extras }) => [...(extras?.keys() ?? [])],
  boundOf: (_, { input, heard }) => ({
    ...{ ...noUsage, input },
    ...soundsOf({ audioInput: heard, audioOutput: 0 }),
  }),
  usageOf(said, input, came) {
    const { sounds, voice, extras } = input;
    if (!extras) return textTokens.usageOf(said, input, came);
    const usage = soundUsageFrom(said, {
      ...{ isHeard: sounds !== undefined, maySpeak: voice !== undefined },
      hasSpoken: came.hasSpoken,
    });
    return usage && (outputOf(usage) > 0 || came.isEmpty) ? usage : undefined;
  },
  counted: ({ input, output, heard, spoken }) => ({
    ...{ ...noUsage, input, output },
    ...soundsOf({ audioInput: heard, audioOutput: spoken }),
  }),
};

/** Tokens of text that is only read. */
export const readTokens: Measure = {
  ...textTokens,
  output: null,
  usageOf: (said) => usageFrom(said),
  counted: ({ input }) => ({ ...noUsage, input }),
};

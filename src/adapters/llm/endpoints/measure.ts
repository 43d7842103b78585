import type { PriceName } from '../../../domain/price-list/events.ts';
import type { Usage } from '../../../domain/price-list/usage.ts';
import { noUsage } from '../../../domain/price-list/usage.ts';
import type { Input } from '../input.ts';
import { usageFrom } from '../usage.ts';

/** What has come of an answer. */
export interface Came {
  /** Nothing that a model has written. */
  readonly isEmpty: boolean;
  /** Whole pictures. */
  readonly pieces: number;
}

/** Our own count of a call, bounded by what is held for it. */
export interface OwnCount {
  /** Tokens of text. */
  readonly input: number;
  readonly output: number;
  readonly pieces: number;
}

/** One way of counting what a call consumes: a usage has something of its classes alone. */
export interface Measure {
  /** Prices that a list must have for it; those of tokens of text it has always. */
  readonly needs: readonly PriceName[];
  /** Its output is sold by the token and as long as its limit says; null: it isn't. */
  readonly output: 'output' | null;
  /** A bound in tokens is one of the whole call: allowances of tokens can pay for it. */
  readonly inTokens: boolean;
  /** The most that goes in, and that comes out by the piece; `input` is the bound of its text in tokens. */
  boundOf(input: Input, bounds: { readonly input: number; readonly n: number }): Usage;
  /** The usage of a whole answer; undefined: it has to be counted. */
  usageOf(said: unknown, input: Input, came: Came): Usage | undefined;
  /** The same of an answer that nobody has counted, or of a part of one. */
  counted(own: OwnCount, input: Input): Usage;
}

/** Tokens of text, in and out. */
export const textTokens: Measure = {
  needs: [],
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

/** Tokens of text that is only read. */
export const readTokens: Measure = {
  ...textTokens,
  output: null,
  usageOf: (said) => usageFrom(said),
  counted: ({ input }) => ({ ...noUsage, input }),
};

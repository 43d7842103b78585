import type { Json } from './upstream.ts';

/** Turns events into chunks and knows whether the answer they make is whole. */
export interface AnswerStream {
  read(events: readonly string[]): readonly Json[];
  /** What is left to say once the bytes of a whole answer have ended. */
  end?(): readonly Json[];
  /** A choice has begun. */
  begun(): boolean;
  /** The end mark has come. */
  ended(): boolean;
  /** The answer is whole even without the mark: every choice that began says why it ended. */
  finished(): boolean;
}

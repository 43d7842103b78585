import { z } from 'zod';
import { Rejection, RejectionCode } from './rejection.ts';

/** It stands where the earlier run's events would stand: only one of the two can ever be the outcome. */
export const CommandRefused = z
  .object({
    /** Not an enumeration: an older release folds a stream with codes that it doesn't know. */
    code: z.string().describe('why, as a rejection code; `unchanged`: it had nothing to change'),
    message: z.string(),
    retryAfterSeconds: z
      .number()
      .nullable()
      .describe('when it may be asked again, if that is known'),
  })
  .describe(
    'A command was refused, or had nothing to change, while an earlier run of it might still have been writing.',
  );

export interface RefusedEvent {
  readonly type: 'CommandRefused';
  readonly data: z.infer<typeof CommandRefused>;
}

/** The code of a command that had nothing to change; no rejection has it. */
const unchanged = 'unchanged';

/** How it stands in a stream that a command was refused; null: that it had nothing to change. */
export function refusedEvent(rejection: Rejection | null): RefusedEvent {
  const none = { code: unchanged, message: 'All was so already.', retryAfterSeconds: undefined };
  const { code, message, retryAfterSeconds = null } = rejection ?? none;
  return { type: 'CommandRefused', data: { code, message, retryAfterSeconds } };
}

/** It is an outcome, and not a refusal. */
export const isUnchanged = ({ data }: RefusedEvent): boolean => data.code === unchanged;

/** The same refusal again; undefined when this release doesn't know its code. */
export function rejectionOf({ data }: RefusedEvent): Rejection | undefined {
  const code = RejectionCode.safeParse(data.code);
  if (!code.success) return undefined;
  const { message, retryAfterSeconds } = data;
  return new Rejection(code.data, message, retryAfterSeconds === null ? {} : { retryAfterSeconds });
}

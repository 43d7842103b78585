import type { FirstAnswer } from './first-answer.ts';

type Rest = Extract<FirstAnswer, { stream: true }>['rest'];

export interface End {
  /** The stream failed; `over` follows. */
  failed(error: unknown): void;
  /** However it ended; once at least. */
  over(): void;
}

/** The rest of a stream, and somebody who is told of its end. */
export function untilEnd(rest: Rest, { failed, over }: End): Rest {
  return {
    async next() {
      try {
        const next = await rest.next();
        if (next.done) over();
        return next;
      } catch (error) {
        failed(error);
        over();
        throw error;
      }
    },
    async return(value) {
      over();
      return (await rest.return?.(value)) ?? { done: true, value: undefined };
    },
  };
}

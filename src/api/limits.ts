import type { Attempts } from './attempts.ts';
import { attempts } from './attempts.ts';

const minuteMs = 60_000;

/** How often one may try what guesses, or what costs us a mail. */
export interface Limits {
  readonly perIp: Attempts;
  readonly guesses: { readonly byEmail: Attempts; readonly byIp: Attempts };
}

export const usualLimits = (clock: () => Date): Limits => ({
  perIp: attempts({ limit: 60, windowMs: minuteMs, clock }),
  guesses: {
    byEmail: attempts({ limit: 10, windowMs: 15 * minuteMs, clock }),
    byIp: attempts({ limit: 100, windowMs: 15 * minuteMs, clock }),
  },
});

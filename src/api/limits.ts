import type { Attempts } from './attempts.ts';
import { attempts } from './attempts.ts';

const minuteMs = 60_000;

/** Wrong passwords, counted three ways. */
export interface Guesses {
  /** Of one member, from one network address: a stranger's guesses don't lock the owner out. */
  readonly byPair: Attempts;
  /** Of one member, from anywhere. */
  readonly byEmail: Attempts;
  /** From one network address, of anybody. */
  readonly byIp: Attempts;
}

/** How often one may try what guesses, or what costs us a mail. */
export interface Limits {
  /** By network address, behind which a whole office may sit. */
  readonly signups: Attempts;
  /** By address, whoever asks and from wherever: its owner need not have asked for any. */
  readonly mails: Attempts;
  /** Codes have 256 bits: this bounds work, not luck. */
  readonly codes: Attempts;
  readonly guesses: Guesses;
}

export const usualLimits = (clock: () => Date): Limits => ({
  signups: attempts({ limit: 120, windowMs: minuteMs, clock }),
  mails: attempts({ limit: 60, windowMs: 60 * minuteMs, clock }),
  codes: attempts({ limit: 300, windowMs: minuteMs, clock }),
  guesses: {
    byPair: attempts({ limit: 10, windowMs: 15 * minuteMs, clock }),
    byEmail: attempts({ limit: 200, windowMs: 15 * minuteMs, clock }),
    byIp: attempts({ limit: 100, windowMs: 15 * minuteMs, clock }),
  },
});

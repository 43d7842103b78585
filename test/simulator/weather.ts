import type { Chance } from './chance.ts';

/** How badly the world behaves in one run. */
export interface Weather {
  /** How many appends are answered ambiguously. */
  readonly ambiguous: number;
  /** How many answers of any kind are slow. */
  readonly slow: number;
  /** Until then the log, or Postgres, answers nobody. */
  logDownUntilMs: number;
  postgresDownUntilMs: number;
  /** No more faults from now on. */
  isFair: boolean;
}

export const weatherOf = (random: Chance): Weather => ({
  ambiguous: random.pick([0.01, 0.05, 0.2]),
  slow: random.pick([0, 0.05, 0.2]),
  logDownUntilMs: 0,
  postgresDownUntilMs: 0,
  isFair: false,
});

/** How long a message takes one way. */
export const wayMs = ({ slow, isFair }: Weather, random: Chance): number =>
  !isFair && random.is(slow) ? random.between(50, 2_500) : random.between(0.2, 4);

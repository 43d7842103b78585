import type { Recorded } from '../events.ts';

/**
 * What must hold of a wallet and of the log it is kept in; `books`: its streams are whole, follow one
 * another, and each begins with what the one before ended with.
 */
export const invariants = ['I1', 'I2', 'I3', 'I4', 'I5', 'I6', 'I7', 'I8', 'books'] as const;
export type Invariant = (typeof invariants)[number];

/** Something that must hold and doesn't. */
export interface Finding {
  readonly invariant: Invariant;
  /** Null: it concerns no wallet. */
  readonly wallet: string | null;
  /** Null: no one event is to blame. */
  readonly eventId: string | null;
  readonly position: bigint | null;
  readonly what: string;
}

/** A finding about an event, before it is known which. */
export interface Wrong {
  readonly invariant: Invariant;
  readonly what: string;
}

export const findingAt = (
  { id, position }: Pick<Recorded, 'id' | 'position'>,
  wallet: string | null,
  { invariant, what }: Wrong,
): Finding => ({ invariant, wallet, eventId: id, position, what });

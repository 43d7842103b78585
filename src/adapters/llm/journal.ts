import type { Amount } from '../../domain/money.ts';
import type { Usage } from '../../domain/price-list/usage.ts';
import type { CostTerms } from '../../domain/route/cost.ts';
import type { BookedCost, CostFacts } from '../../domain/wallet/call-events.ts';
import type { Ending } from '../../domain/wallet/commands.ts';

/** A call as whoever ends it for a process that is gone must know it. */
export interface OpenCall {
  readonly callId: string;
  readonly walletId: string;
  readonly processId: string;
  readonly requestId: string;
  readonly beganAt: string;
}

/** An upstream that was asked and may charge us. */
export interface Asked {
  readonly upstream: string;
  readonly model: string;
  /** Of an attempt that goes on. */
  readonly cost?: AskedCost | undefined;
  /** Of one that is over. */
  readonly charged?: BookedCost | undefined;
}

/** What an upstream may charge us for an attempt, and how that is counted. */
export interface AskedCost {
  readonly terms: CostTerms;
  /** The most that it may be, in the terms' currency. */
  readonly bound: Amount;
  readonly facts: CostFacts;
}

/** What a call has consumed: as its upstream said, or counted by us so far. */
export interface Evidence {
  readonly basis: 'usage' | 'checkpoint';
  readonly usage: Usage;
  /** Code points of input and answer; null where the call is not paid in them. */
  readonly characters: number | null;
}

/** All that is known of a call at one moment. */
export interface CallNote extends OpenCall {
  readonly asked: readonly Asked[];
  readonly counted: Evidence | null;
  readonly ending: Ending;
}

/** Where a call leaves what must survive its process. */
export interface Journal {
  /**
   * Puts a note in the place of the call's last one; durable when it resolves. `taken`: too late,
   * somebody ends the call by what they have. Rejects while it can't be written.
   */
  note(note: CallNote): Promise<'noted' | 'taken'>;
  /** The log has the call's end; its note goes some time. */
  forget(callId: string): void;
}

/** What the journal is to whoever ends the calls of processes that are gone. */
export interface Testimony {
  /**
   * The last notes of those that have one; from then on their processes can't add to them. One that is
   * `unreadable` was written by another release, which may still tell what the call consumed.
   */
  take(calls: readonly OpenCall[]): Promise<ReadonlyMap<string, Taken | 'unreadable'>>;
  /** The log has the ends of these. */
  resolved(callIds: readonly string[]): Promise<void>;
}

export type Taken = Pick<CallNote, 'asked' | 'counted' | 'ending'>;

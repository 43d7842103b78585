import type { CallOutcome } from '../../domain/wallet/call-events.ts';
import type { Ending } from '../../domain/wallet/commands.ts';
import type { Trial } from './plan-call.ts';

/** How far a call has come: whom it asks, whether an answer has begun, and when its first token came. */
export interface CallProgress {
  asking(trial: Trial): void;
  /** `partial` gives what has come of a body so far. */
  answering(partial?: () => string): void;
  /** What came of it is no answer. */
  attemptFailed(): void;
  firstToken(): void;
  /** Whom it asked last. */
  trial(): Trial | undefined;
  isAnswering(): boolean;
  /** The beginning of a body that isn't whole yet. */
  partial(): string | undefined;
  /** What is said of the call if it ends now. */
  ending(outcome: CallOutcome): Ending;
}

/** Begins with the call. */
export function callProgress(clock: () => Date): CallProgress {
  const startMs = clock().getTime();
  let trial: Trial | undefined;
  let isAnswering = false;
  let partial: (() => string) | undefined;
  let firstTokenMs: number | null = null;

  const sinceStart = () => Math.max(0, clock().getTime() - startMs);
  const attemptFailed = () => {
    isAnswering = false;
    partial = undefined;
  };

  return {
    asking(next) {
      trial = next;
      attemptFailed();
    },
    answering(text) {
      isAnswering = true;
      partial = text;
    },
    attemptFailed,
    firstToken() {
      firstTokenMs ??= sinceStart();
    },
    trial: () => trial,
    isAnswering: () => isAnswering,
    partial: () => partial?.(),
    ending: (outcome) => ({
      outcome,
      upstream: trial?.upstream.id ?? null,
      upstreamModel: trial?.model ?? null,
      latencyMs: sinceStart(),
      firstTokenMs,
    }),
  };
}

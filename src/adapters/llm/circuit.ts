import {
  CircuitState,
  CountBreaker,
  circuitBreaker,
  handleWhen,
  isBrokenCircuitError,
} from 'cockatiel';
import { CallFault, isRefusal } from './call-fault.ts';

/** Keeps calls away from an upstream that fails, and lets one call after a while find out how it is. */
export interface Circuit {
  /** Open, and not yet due to be tried; or being tried by another call. */
  isOpen(nowMs: number): boolean;
  /** Runs whatever is asked: an open circuit is closed by a success and opened anew by a failure. */
  run<Answer>(ask: () => Promise<Answer>): Promise<Answer>;
}

/** What a fault says of an upstream: that it fails, that it answers, or nothing. */
export type Verdict = 'fails' | 'answers' | 'unknown';

export interface CircuitParts {
  readonly nowMs: () => number;
  /** How long it stays open. */
  readonly openMs: number;
  /** Somebody else finds out how it is: calls are kept away until then. */
  readonly isProbed?: () => boolean;
  /** It has opened, or closed again. */
  readonly changed: (isOpen: boolean) => void;
  readonly verdictOn: (error: unknown) => Verdict;
}

/** It opens when more than half of the last 20 calls failed, once there were 5. */
const window = { threshold: 0.5, size: 20, minimumNumberOfCalls: 5 };

export function circuit({
  nowMs,
  openMs,
  isProbed = () => false,
  changed,
  verdictOn,
}: CircuitParts): Circuit {
  let openedMs = 0;
  let isKnown = false;
  // When it is due is for this file's clock to say; whoever runs in an open circuit is its test.
  const speaksAgainst = (error: unknown): boolean => {
    const verdict = verdictOn(error);
    // A test that nobody waited for has not been passed.
    return (
      verdict === 'fails' || (verdict === 'unknown' && breaker.state === CircuitState.HalfOpen)
    );
  };
  const breaker = circuitBreaker(handleWhen(speaksAgainst), {
    breaker: new CountBreaker(window),
    halfOpenAfter: 0,
  });
  breaker.onBreak(() => {
    // A test that fails opens it anew, which is no news.
    if (!isKnown) changed(true);
    isKnown = true;
    openedMs = nowMs();
  });
  breaker.onReset(() => {
    isKnown = false;
    changed(false);
  });
  return {
    isOpen(atMs) {
      const { state } = breaker;
      if (state === CircuitState.HalfOpen) return true;
      if (state !== CircuitState.Open) return false;
      return isProbed() ? true : atMs < openedMs + openMs;
    },
    async run(ask) {
      // A second call would wait for the first one's end.
      if (breaker.state === CircuitState.HalfOpen) return ask();
      let isAsked = false;
      try {
        return await breaker.execute(() => {
          isAsked = true;
          return ask();
        });
      } catch (error) {
        // The machine's clock was put back.
        if (!isAsked && isBrokenCircuitError(error)) return ask();
        throw error;
      }
    },
  };
}

/** Being asked too much doesn't speak against anybody, nor what is wrong with one model or request. */
export function verdictOn(error: unknown): Verdict {
  if (!(error instanceof CallFault)) return 'unknown';
  const { code, retryable, isWell } = error;
  // It was not asked.
  if (code === 'unsupported_input') return 'unknown';
  if (isRefusal(error) || code === 'upstream_limited' || isWell) return 'answers';
  return retryable ? 'fails' : 'unknown';
}

import type { Usage } from '../../domain/price-list/usage.ts';
import type { CallOutcome } from '../../domain/wallet/call-events.ts';
import type { Ending } from '../../domain/wallet/commands.ts';
import type { CallFaultCode } from './call-fault.ts';
import { CallFault } from './call-fault.ts';
import type { CallHold } from './call-hold.ts';
import type { ChatCall } from './chat-call.ts';
import { inputTokens } from './input.ts';
import type { CallPlan, Trial } from './plan-call.ts';
import type { Received } from './received.ts';
import { usageFrom } from './usage.ts';

/** Why a call was ended from our side of it. */
export type Cut = 'client_closed' | 'client_stalled' | 'timed_out' | 'shut_down';

/** What a call came to; `gone`: its hold had been taken away, so it was not charged. */
export type Verdict =
  | { readonly kind: 'charged'; readonly usage: Usage; readonly basis: 'usage' | 'estimate' }
  | { readonly kind: 'released' | 'gone' }
  /** The log has not answered in time; it still will. */
  | { readonly kind: 'unknown' };

/** Knows how far a call has come and ends its hold exactly once, as MONEY's table says. */
export interface Meter {
  asking(trial: Trial): void;
  /** The upstream's headers are here; `partial` gives what has come of a body so far. */
  answering(partial?: () => string): void;
  firstToken(): void;
  complete(rawUsage: unknown): Promise<Verdict>;
  failed(error: unknown): Promise<Verdict>;
  cut(reason: Cut): Promise<Verdict>;
  /** Resolves when the hold is no longer open, whichever way. */
  readonly over: Promise<void>;
}

export interface MeterParts {
  readonly call: ChatCall;
  readonly plan: CallPlan;
  readonly hold: CallHold;
  readonly received: Received;
  readonly clock: () => Date;
}

export function meter(parts: MeterParts): Meter {
  const { hold, received, clock } = parts;
  const startMs = clock().getTime();
  const over = Promise.withResolvers<void>();
  let trial: Trial | undefined;
  let isAnswering = false;
  let partial: (() => string) | undefined;
  let firstTokenMs: number | null = null;
  let verdict: Promise<Verdict> | undefined;

  const sinceStart = () => Math.max(0, clock().getTime() - startMs);
  const ending = (outcome: CallOutcome): Ending => ({
    outcome,
    upstream: trial?.upstream.id ?? null,
    upstreamModel: trial?.model ?? null,
    latencyMs: sinceStart(),
    firstTokenMs,
  });

  const conclude = (end: () => Promise<Verdict>): Promise<Verdict> => {
    if (verdict === undefined) {
      // Whatever goes wrong in counting, the hold doesn't stay.
      verdict = end().catch(() => release(ending('abandoned')));
      verdict.then(() => over.resolve(), over.reject);
    }
    return inTime(verdict);
  };
  const settle = async (usage: Usage, basis: 'usage' | 'estimate', end: Ending) => {
    const result = await hold.settle(usage, basis, end);
    return result === 'recorded' ? ({ kind: 'charged', usage, basis } as const) : gone;
  };
  const estimate = async (which: 'received' | 'delivered', end: Ending) =>
    settle(await estimated(parts, trial, which), 'estimate', end);
  const release = async (end: Ending) => {
    await hold.release(end);
    return released;
  };
  const cutShort = (reason: Cut): Promise<Verdict> => {
    if (partial) received.takePartial(partial());
    const which = reason === 'client_closed' ? 'received' : 'delivered';
    const isCharged = which === 'received' ? isAnswering : received.isDelivered();
    const end = ending(outcomeOf(reason));
    return isCharged ? estimate(which, end) : release(end);
  };

  return {
    over: over.promise,
    asking(next) {
      trial = next;
      isAnswering = false;
      partial = undefined;
    },
    answering(text) {
      isAnswering = true;
      partial = text;
    },
    firstToken() {
      firstTokenMs ??= sinceStart();
    },
    complete: (rawUsage) =>
      conclude(() => {
        const usage = usageFrom(rawUsage);
        const end = ending('completed');
        // A count of no output beside an output is a count from before it.
        const isCounted = usage && (usage.output + usage.reasoning > 0 || received.isEmpty());
        return isCounted ? settle(usage, 'usage', end) : estimate('received', end);
      }),
    failed: (error) => conclude(() => release(ending(outcomeOf(codeOf(error))))),
    cut: (reason) => conclude(() => cutShort(reason)),
  };
}

/** A log that is away delays an answer only so much; its hold is ended all the same. */
const answerMs = 15_000;

async function inTime(verdict: Promise<Verdict>): Promise<Verdict> {
  const late = Promise.withResolvers<Verdict>();
  const timer = setTimeout(() => late.resolve({ kind: 'unknown' }), answerMs);
  try {
    return await Promise.race([verdict, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

const released: Verdict = { kind: 'released' };
const gone: Verdict = { kind: 'gone' };

/** Our own count, never above what is held. */
async function estimated(
  { plan, call, hold, received }: MeterParts,
  trial: Trial | undefined,
  which: 'received' | 'delivered',
): Promise<Usage> {
  const { family } = trial ?? plan.trials[0];
  const [input, output] = await Promise.all([
    inputTokens(family, plan.input),
    received.tokens(family, which),
  ]);
  return {
    input: Math.min(input, plan.inputBound),
    cachedInput: 0,
    output: Math.min(output, call.n * hold.maxOutput),
    reasoning: 0,
  };
}

const codeOf = (error: unknown): CallFaultCode =>
  error instanceof CallFault ? error.code : 'upstream_failed';

function outcomeOf(code: CallFaultCode): CallOutcome {
  switch (code) {
    case 'client_closed':
    case 'timed_out':
    case 'shut_down':
    case 'upstream_failed':
    case 'upstream_timed_out':
      return code;
    case 'client_stalled':
      return 'timed_out';
    case 'upstream_refused':
    case 'unsupported_input':
    case 'model_not_found':
    case 'model_unavailable':
      return 'refused';
    case 'charge_unknown':
      return 'abandoned';
  }
}

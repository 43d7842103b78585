import type { Usage } from '../../domain/price-list/usage.ts';
import type { CallOutcome } from '../../domain/wallet/call-events.ts';
import type { Ending } from '../../domain/wallet/commands.ts';
import type { CallCosts } from './call-costs.ts';
import type { CallEvidence } from './call-evidence.ts';
import { charactersOf, ownCount } from './call-evidence.ts';
import type { CallFaultCode } from './call-fault.ts';
import { CallFault } from './call-fault.ts';
import type { CallEnd, CallHold } from './call-hold.ts';
import { callProgress } from './call-progress.ts';
import type { Patience } from './in-time.ts';
import { inTime, usualPatience } from './in-time.ts';
import type { ModelCall } from './model-call.ts';
import { cameOf, ownTokens } from './own-tokens.ts';
import type { CallPlan, Trial } from './plan-call.ts';
import type { Received } from './received.ts';

/** Why a call was ended from our side of it. */
export type Cut = 'client_closed' | 'client_stalled' | 'timed_out' | 'shut_down';

/**
 * What a call came to; `gone`: its hold had been taken away, so it was not charged; `refused`: the
 * same, and what it consumed beyond what was charged then is not available.
 */
export type Verdict =
  | { readonly kind: 'charged'; readonly usage: Usage; readonly basis: CountedBy }
  | { readonly kind: 'released' | 'gone' | 'refused' }
  /** The log has not answered in time; it still will. */
  | { readonly kind: 'unknown' };

type CountedBy = 'usage' | 'estimate';
type Which = 'received' | 'delivered';

/** What a call consumed, however that is known. */
interface Counted {
  readonly usage: Usage;
  readonly basis: CountedBy;
  /** Which of its characters it is charged. */
  readonly which: Which;
  readonly end: CallEnd;
}

/** Is told how a call fares and ends its hold exactly once, as the table of `ops/charging.md` says. */
export interface Meter {
  asking(trial: Trial): void;
  /** The upstream's headers are here; `partial` gives what has come of a body so far. */
  answering(partial?: () => string): void;
  /** They are. */
  isAnswering(): boolean;
  /** What came of it is no answer: nobody owes anything until another one begins. */
  attemptFailed(): void;
  firstToken(): void;
  /** More of a stream is noted as received. */
  streamed(): void;
  /** Charged at the latest when the usage is sure to be: in the log, or else in the journal. */
  complete(said: unknown): Promise<Verdict>;
  failed(error: unknown): Promise<Verdict>;
  cut(reason: Cut): Promise<Verdict>;
  /** Resolves when the hold is no longer open, whichever way. */
  readonly over: Promise<void>;
}

export interface MeterParts {
  readonly call: ModelCall;
  readonly plan: CallPlan;
  readonly hold: CallHold;
  readonly received: Received;
  readonly evidence: CallEvidence;
  readonly costs: CallCosts;
  readonly clock: () => Date;
  readonly patience?: Patience | undefined;
}

export function meter(parts: MeterParts): Meter {
  const { hold, plan, received, evidence, costs, clock, patience = usualPatience } = parts;
  const progress = callProgress(clock);
  const { ending } = progress;
  const running = () => ending('abandoned');
  // Whatever goes wrong in counting, the hold doesn't stay.
  const { over, conclude } = oneEnd(() => release(running()));
  const counted = Promise.withResolvers<Counted>();
  void over.then(evidence.over, () => undefined);

  const settle = async (how: Counted): Promise<Verdict> => {
    counted.resolve(how);
    const { usage, basis, which, end } = how;
    const result = await hold.settle({ usage, characters: characters(which) }, basis, end);
    return result === 'recorded' ? { kind: 'charged', usage, basis } : { kind: result };
  };
  const characters = (which: Which) => charactersOf(parts, which);
  /** Whoever ends this call, if we can't, will charge the same. */
  const noted = async (): Promise<Verdict | undefined> => {
    const { usage, basis, which, end } = await counted.promise;
    const by = basis === 'usage' ? 'usage' : 'checkpoint';
    const evident = { basis: by, usage, characters: characters(which) } as const;
    return (await evidence.came(evident, end.ending))
      ? { kind: 'charged', usage, basis }
      : undefined;
  };
  const estimate = async (which: Which, how: Ending) => {
    const usage = await estimated(parts, progress.trial(), which);
    const end = { ending: how, costs: await costs.all(which === 'received' ? { usage } : {}) };
    return settle({ usage, basis: 'estimate', which, end });
  };
  const release = async (how: Ending) => {
    await hold.release({ ending: how, costs: await costs.all({}) }, evidence.wasCounted());
    return released;
  };
  /** A log that is away delays an answer only so much; its hold is ended all the same. */
  const knownInTime = async (known: Promise<Verdict>, vouch?: typeof noted): Promise<Verdict> =>
    (await inTime(known, vouch, patience)) ?? { kind: 'unknown' };
  const cutShort = (reason: Cut): Promise<Verdict> => {
    const partial = progress.partial();
    if (partial !== undefined) received.takePartial(partial);
    const which: Which = reason === 'client_closed' ? 'received' : 'delivered';
    const isCharged = which === 'received' ? progress.isAnswering() : received.isDelivered();
    const end = ending(outcomeOf(reason));
    return isCharged ? estimate(which, end) : release(end);
  };

  return {
    over,
    asking(trial) {
      progress.asking(trial);
      costs.asking(trial);
      evidence.asking(trial, running);
    },
    answering(partial) {
      progress.answering(partial);
      costs.answering(partial);
    },
    isAnswering: progress.isAnswering,
    attemptFailed: progress.attemptFailed,
    firstToken: progress.firstToken,
    streamed: () => evidence.streamed(running),
    complete(said) {
      const verdictOfAll = conclude(async () => {
        const usage = plan.measure.usageOf(said, plan.input, cameOf(received));
        const how = ending('completed');
        if (!usage) return estimate('received', how);
        const end = { ending: how, costs: await costs.all({ said, usage }) };
        return settle({ usage, basis: 'usage', which: 'received', end });
      });
      return knownInTime(verdictOfAll, noted);
    },
    failed: (error) => knownInTime(conclude(() => release(ending(outcomeOf(codeOf(error)))))),
    cut: (reason) => knownInTime(conclude(() => cutShort(reason))),
  };
}

/** Of all ends that are tried the first one happens, or what is done if it fails. */
function oneEnd(otherwise: () => Promise<Verdict>) {
  const over = Promise.withResolvers<void>();
  let verdict: Promise<Verdict> | undefined;
  return {
    over: over.promise,
    conclude(end: () => Promise<Verdict>): Promise<Verdict> {
      if (verdict === undefined) {
        verdict = end().catch(otherwise);
        verdict.then(() => over.resolve(), over.reject);
      }
      return verdict;
    },
  };
}

const released: Verdict = { kind: 'released' };

async function estimated(
  parts: MeterParts,
  trial: Trial | undefined,
  which: Which,
): Promise<Usage> {
  const { plan, received } = parts;
  const answering = trial ?? plan.trials[0];
  return ownCount(parts, await ownTokens(answering, plan.input, received, which));
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
    case 'upstream_limited':
      return 'upstream_failed';
    case 'upstream_refused':
    case 'context_length_exceeded':
    case 'content_filter':
    case 'content_policy_violation':
    case 'string_above_max_length':
    case 'unsupported_input':
    case 'model_not_found':
    case 'model_opening':
    case 'model_unavailable':
    case 'model_not_routed':
    case 'budget_spent':
      return 'refused';
    case 'charge_unknown':
      return 'abandoned';
  }
}

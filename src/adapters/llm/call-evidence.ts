import { setTimeout as pause } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Consumption, Ending } from '../../domain/wallet/commands.ts';
import type { CallCosts } from './call-costs.ts';
import type { CallHold } from './call-hold.ts';
import type { OwnCount } from './endpoints/measure.ts';
import type { Asked, Evidence, Journal } from './journal.ts';
import type { ModelCall } from './model-call.ts';
import { ownSounds } from './own-tokens.ts';
import type { CallPlan, Trial } from './plan-call.ts';
import type { Received } from './received.ts';
import { tokenTally } from './token-tally.ts';
import { wholeInputTokens } from './whole-input.ts';

/** What one call leaves in the journal; a short call leaves nothing. */
export interface CallEvidence {
  /** An upstream is asked: from the second one on that is noted. */
  asking(trial: Trial, ending: () => Ending): void;
  /** A stream has gone on: noted every two seconds or 256 tokens. */
  streamed(ending: () => Ending): void;
  /** What the call came to; true once it is durable, false when somebody else ends the call. */
  came(counted: Evidence, ending: Ending): Promise<boolean>;
  /** A checkpoint may have been charged in the call's stead, or a cost booked. */
  wasCounted(): boolean;
  /** The call's end is in the log. */
  over(): void;
}

export interface EvidenceParts {
  readonly journal: Journal;
  readonly call: ModelCall;
  readonly plan: CallPlan;
  readonly hold: CallHold;
  readonly received: Received;
  readonly costs: CallCosts;
  readonly processId: string;
  readonly beganAt: Date;
  readonly log: Logger;
}

const everyMs = 2_000;
const everyTokens = 256;
const retryMs = 250;

export function callEvidence(parts: EvidenceParts): CallEvidence {
  const { journal, call, received, costs, log } = parts;
  const { callId, requestId } = call.facts;
  let count: (() => Promise<Evidence>) | undefined;
  let counted: Evidence | null = null;
  let countedTokens = -1;
  let timer: NodeJS.Timeout | undefined;
  let isCounting = false;
  let hasNote = false;
  let isDone = false;
  let isOver = false;

  const note = (ending: Ending) => {
    hasNote = true;
    return journal.note({
      ...{ callId, requestId, walletId: call.walletId, processId: parts.processId },
      beganAt: parts.beganAt.toISOString(),
      asked: costs.asked(),
      counted,
      ending,
    });
  };
  /** With what the attempts before have cost. */
  const noteAgain = async (ending: () => Ending): Promise<void> => {
    await costs.counted();
    if (!(isDone || isOver)) await note(ending()).catch(missed);
  };
  const missed = (error: unknown) => log.debug({ err: error, call: callId }, 'a note was missed');

  async function checkpoint(ending: () => Ending): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    if (isCounting || isDone || !count || received.roughTokens() === countedTokens) return;
    isCounting = true;
    countedTokens = received.roughTokens();
    try {
      const now = await count();
      if (isDone) return;
      counted = now;
      await note(ending());
    } catch (error) {
      missed(error);
    } finally {
      isCounting = false;
      if (received.roughTokens() > countedTokens) wake(ending);
    }
  }
  const wake = (ending: () => Ending) => {
    if (isDone || isCounting) return;
    if (received.roughTokens() - countedTokens >= everyTokens) void checkpoint(ending);
    else timer ??= setTimeout(() => void checkpoint(ending), everyMs);
  };

  return {
    asking(trial, ending) {
      count = counting(parts, trial);
      if (costs.asked().length > 1) void noteAgain(ending);
    },
    streamed: wake,
    async came(now, ending) {
      isDone = true;
      counted = now;
      while (!isOver) {
        try {
          return (await note(ending)) === 'noted';
        } catch (error) {
          missed(error);
          await pause(retryMs);
        }
      }
      return false;
    },
    wasCounted: () => counted !== null || (hasNote && costs.asked().some(isCosted)),
    over() {
      isDone = true;
      isOver = true;
      clearTimeout(timer);
      if (hasNote) journal.forget(callId);
    },
  };
}

const isCosted = ({ cost, charged }: Asked): boolean => (cost ?? charged) !== undefined;

/** Counts what has come so far; each time only what is new. */
function counting(
  { call, plan, hold, received }: EvidenceParts,
  trial: Trial,
): () => Promise<Evidence> {
  const tallies = new Map<number, (more: string) => Promise<number>>();
  const outputs = new Map<number, number>();
  let input: Promise<number> | undefined;
  return async () => {
    const characters = charactersOf({ plan, hold, received }, 'received');
    input ??= wholeInputTokens(trial, plan.input);
    for (const [choice, text] of received.newText()) {
      const tally = tallies.get(choice) ?? tokenTally(trial.family);
      tallies.set(choice, tally);
      outputs.set(choice, await tally(text));
    }
    const output = [...outputs.values()].reduce((total, each) => total + each, 0);
    const sounds = ownSounds(trial, plan.input, received, 'received');
    const usage = ownCount({ call, plan, hold }, { input: await input, output, ...sounds });
    return { basis: 'checkpoint', usage, characters };
  };
}

/** Our own count, never above what is held. */
export const ownCount = (
  { call, plan, hold }: Pick<EvidenceParts, 'call' | 'plan' | 'hold'>,
  own: OwnCount,
): Consumption['usage'] => {
  const mostOutput = call.n * hold.maxOutput;
  const output = Math.min(own.output, mostOutput);
  return plan.measure.counted(
    {
      input: Math.min(own.input, plan.bounds.input),
      heard: Math.min(own.heard, plan.bounds.heard),
      output,
      // One limit holds for what is written and spoken.
      spoken: Math.min(own.spoken, mostOutput - output),
      pieces: Math.min(own.pieces, call.n),
    },
    plan.input,
  );
};

/** Code points of input and answer, where a call is paid in them. */
export const charactersOf = (
  { plan: { input }, hold, received }: Pick<EvidenceParts, 'plan' | 'hold' | 'received'>,
  which: 'received' | 'delivered',
): number | null =>
  hold.characters === null || input.characters === null
    ? null
    : input.characters + received.characters(which);

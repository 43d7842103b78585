import { setTimeout as pause } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { CommandContext } from '../../domain/envelope.ts';
import type { Instant } from '../../domain/ids.ts';
import type { Usage } from '../../domain/price-list/usage.ts';
import { streamOf } from '../../domain/streams.ts';
import type { Basis } from '../../domain/wallet/call-events.ts';
import type { Ending, WalletCommand } from '../../domain/wallet/commands.ts';
import type { wallet } from '../../domain/wallet/decider.ts';
import type { ExecuteContext, RunnerOf } from '../eventstore/execute.ts';
import { OutcomeUnknown } from '../eventstore/execute.ts';
import type { ChatCall } from './chat-call.ts';
import type { CallPlan } from './plan-call.ts';

/** The credit that is held for one call, until one of its verbs ends it. */
export interface CallHold {
  /** Output tokens of each answer that are paid for. */
  readonly maxOutput: number;
  /** Resolves when the charge is recorded; `gone`: there was no hold any more, nothing is charged. */
  settle(usage: Usage, basis: Basis, ending: Ending): Promise<'recorded' | 'gone'>;
  release(ending: Ending): Promise<void>;
}

export interface HoldParts {
  readonly wallet: RunnerOf<typeof wallet>;
  /** Names the process that must end the call. */
  readonly processId: string;
  readonly clock: () => Date;
  readonly log: Logger;
  /** Told of work that goes on after its caller was answered. */
  readonly background: (work: Promise<void>) => void;
}

const firstPauseMs = 50;
const longestPauseMs = 2_000;

/** Asks the wallet for a call's bound; durable when it resolves. */
export async function holdFor(parts: HoldParts, call: ChatCall, plan: CallPlan): Promise<CallHold> {
  const { wallet, processId } = parts;
  const { facts, walletId } = call;
  const stream = streamOf.wallet(walletId);
  const { callId } = facts;

  const release = async (ending: Ending) => {
    const command = (at: Instant): WalletCommand => ({
      type: 'ReleaseHold',
      callId,
      ending,
      costs: [],
      at,
    });
    await surely(parts, stream, command, contextOf(parts, call, 'release'));
  };
  const reserved = await wallet
    .run(
      stream,
      (at) => ({
        type: 'ReserveCredit',
        call: facts,
        processId,
        quotes: plan.quotes,
        outputTokens: plan.outputTokens,
        tokens: plan.tokens,
        price: plan.price,
        at,
      }),
      contextOf(parts, call, 'reserve'),
    )
    .catch((error: unknown) => {
      // A wallet's commands are decided in their order: whatever becomes of the hold, this ends it.
      if (error instanceof OutcomeUnknown) parts.background(release(unanswered));
      throw error;
    });
  const hold = reserved.state.holds.get(callId);
  if (!hold) throw new OutcomeUnknown(stream);
  // Not the outcome itself, which would keep a state of the wallet for as long as the call runs.
  const claimedAfter = { stream: reserved.stream, revision: reserved.revision };
  return {
    maxOutput: hold.maxOutput,
    release,
    settle(usage, basis, ending) {
      const command = (at: Instant): WalletCommand => ({
        type: 'SettleUsage',
        callId,
        usage,
        characters: null,
        basis,
        ending,
        costs: [],
        overrun: 'absorbed',
        at,
      });
      const context = contextOf(parts, call, 'settle');
      return surely(parts, stream, command, { ...context, claimedAfter });
    },
  };
}

/** The end of a call whose caller had given up before its hold was written. */
const unanswered: Ending = {
  outcome: 'abandoned',
  upstream: null,
  upstreamModel: null,
  latencyMs: 0,
  firstTokenMs: null,
};

const contextOf = ({ clock }: HoldParts, { facts }: ChatCall, step: string): CommandContext => ({
  commandId: `${facts.callId}/${step}`,
  correlationId: facts.requestId,
  actor: { type: 'api_key', id: facts.apiKeyId, onBehalfOf: facts.memberId },
  at: clock().toISOString(),
  source: 'api',
});

/**
 * Runs a command that must happen until the log has said what became of it. From the second run on,
 * what an earlier one wrote is looked for first.
 */
async function surely(
  { wallet, log }: HoldParts,
  stream: string,
  command: (at: Instant) => WalletCommand,
  { claimedAfter, ...context }: ExecuteContext,
): Promise<'recorded' | 'gone'> {
  let search: Pick<ExecuteContext, 'claimedAfter'> = {};
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(2 * pauseMs, longestPauseMs)) {
    try {
      const { events } = await wallet.run(stream, command, { ...context, ...search });
      return events.length > 0 ? 'recorded' : 'gone';
    } catch (error) {
      log.warn({ err: error, command: context.commandId }, 'the end of a call is tried again');
      if (claimedAfter !== undefined) search = { claimedAfter };
      await pause(pauseMs);
    }
  }
}

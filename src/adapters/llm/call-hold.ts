import { setTimeout as pause } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Asset } from '../../domain/accounts.ts';
import type { CommandContext } from '../../domain/envelope.ts';
import type { Instant } from '../../domain/ids.ts';
import type { Amount } from '../../domain/money.ts';
import { noUsage } from '../../domain/price-list/usage.ts';
import { Rejection } from '../../domain/rejection.ts';
import { streamOf } from '../../domain/streams.ts';
import type { Basis, BookedCost, Treatment } from '../../domain/wallet/call-events.ts';
import type { Consumption, Ending, WalletCommand } from '../../domain/wallet/commands.ts';
import type { wallet } from '../../domain/wallet/decider.ts';
import type { WalletEvent } from '../../domain/wallet/events.ts';
import { LimitReached, rateRoom } from '../../domain/wallet/limits.ts';
import type { ExecuteContext, RunnerOf } from '../eventstore/execute.ts';
import { OutcomeUnknown } from '../eventstore/execute.ts';
import type { ModelCall } from './model-call.ts';
import type { CallPlan, Priced } from './plan-call.ts';

/** The credit that is held for one call, until one of its verbs ends it. */
export interface CallHold {
  /** Output tokens of each answer that are paid for. */
  readonly maxOutput: number;
  /** Code points of answer that are paid for; null: the call is not paid in characters. */
  readonly characters: number | null;
  /** What the member was charged, once that is recorded; null before. */
  charge(): Charge | null;
  /**
   * Resolves when the charge is recorded, be it as the difference to what was charged when the hold was
   * swept. `refused`: that is not available; `gone`: there is nothing left to settle.
   */
  settle(consumed: Consumption, basis: Basis, end: CallEnd): Promise<Settled>;
  /** If the hold was swept, what was booked instead is put right; `wasCounted`: what was charged, too. */
  release(end: CallEnd, wasCounted: boolean): Promise<void>;
}

/** How a call ended, and what its upstreams charge us for it. */
export interface CallEnd {
  readonly ending: Ending;
  readonly costs: readonly BookedCost[];
}

export type Settled = 'recorded' | 'refused' | 'gone';

export interface Charge {
  readonly amount: Amount;
  readonly asset: Asset;
}

export interface HoldParts {
  readonly wallet: RunnerOf<typeof wallet>;
  /** Names the process that must end the call. */
  readonly processId: string;
  /** Who bears what a call consumes beyond its hold. */
  readonly overrun: Treatment;
  readonly clock: () => Date;
  readonly log: Logger;
  /** Told of work that goes on after its caller was answered. */
  readonly background: (work: Promise<void>) => void;
  /** Told of calls that the wallet refused. */
  readonly refused: (walletId: string, code: string) => void;
}

const firstPauseMs = 50;
const longestPauseMs = 2_000;

/** Asks the wallet for a call's bound; durable when it resolves. */
export async function holdFor(
  parts: HoldParts,
  call: ModelCall,
  plan: CallPlan,
): Promise<CallHold> {
  const { wallet, overrun } = parts;
  const { facts, walletId, rates = [] } = call;
  const stream = streamOf.wallet(walletId);
  const { callId } = facts;

  const release = async (end: CallEnd) => {
    const command = (at: Instant): WalletCommand => ({ type: 'ReleaseHold', callId, ...end, at });
    return settledBy(await surely(parts, stream, command, contextOf(parts, call, 'release')));
  };
  const late =
    (consumed: Consumption, end: CallEnd) =>
    (at: Instant): WalletCommand => ({
      type: 'PostLateSettlement',
      ...{ callId, ...consumed, ...end, overrun, at },
    });
  /** No upstream was asked: if the hold was swept meanwhile, what it may cost is put right. */
  const undo = async () => {
    if ((await release(unanswered)) === 'recorded' || !plan.mayCost) return;
    await surely(parts, stream, late(nothing, unanswered), contextOf(parts, call, 'late'));
  };
  const reserved = await wallet
    .run(stream, reserving(parts, call, plan), contextOf(parts, call, 'reserve'))
    .catch((error: unknown) => {
      if (error instanceof LimitReached) call.limited?.(error.room);
      if (error instanceof Rejection) parts.refused(walletId, error.code);
      // A wallet's commands are decided in their order: whatever becomes of the hold, this ends it.
      if (error instanceof OutcomeUnknown) parts.background(undo());
      throw error;
    });
  const hold = reserved.state.holds.get(callId);
  if (!hold) throw new OutcomeUnknown(stream);
  const { apiKeyId } = facts;
  call.limited?.(rateRoom(reserved.state, { apiKeyId, rates, at: hold.at }));
  let charge: Charge | null = null;
  // Not the outcome itself, which would keep a state of the wallet for as long as the call runs.
  const claimedAfter = { stream: reserved.stream, revision: reserved.revision };
  const run = async (step: string, command: (at: Instant) => WalletCommand) => {
    const context = { ...contextOf(parts, call, step), claimedAfter };
    const events = await surely(parts, stream, command, context);
    charge = chargeIn(events) ?? charge;
    return settledBy(events);
  };
  const postLate = async (consumed: Consumption, end: CallEnd): Promise<Settled> => {
    try {
      return await run('late', late(consumed, end));
    } catch (error) {
      if (error instanceof Rejection) return 'refused';
      throw error;
    }
  };
  return {
    maxOutput: hold.maxOutput,
    charge: () => charge,
    characters:
      hold.asset === 'characters'
        ? Math.max(0, hold.amount.toNumber() - (plan.input.characters ?? 0))
        : null,
    async release(end, wasCounted) {
      const released = await release(end);
      const isBooked = wasCounted || hold.mayCost !== undefined || end.costs.length > 0;
      if (released === 'gone' && isBooked) await postLate(nothing, end);
    },
    async settle(consumed, basis, end) {
      const settlement = { type: 'SettleUsage', callId, ...consumed, basis, ...end } as const;
      const settled = await run('settle', (at) => ({ ...settlement, overrun, at }));
      return settled === 'recorded' ? settled : await postLate(consumed, end);
    },
  };
}

/**
 * Throws what the wallet would refuse a call with whatever it comes to beyond its least bounds. A log that doesn't
 * answer refuses nothing: the reservation asks it again.
 */
export async function checkCredit(parts: HoldParts, call: ModelCall, least: Priced): Promise<void> {
  const { wallet, refused, log } = parts;
  const command = (at: Instant): WalletCommand => ({
    ...{ type: 'CheckCredit', ...asking(parts, call, least), at },
  });
  try {
    await wallet.run(streamOf.wallet(call.walletId), command, contextOf(parts, call, 'check'));
  } catch (error) {
    if (error instanceof Rejection) {
      refused(call.walletId, error.code);
      throw error;
    }
    log.debug({ err: error, call: call.facts.callId }, 'credit was not checked beforehand');
  }
}

const reserving =
  (parts: HoldParts, call: ModelCall, plan: CallPlan) =>
  (at: Instant): WalletCommand => ({
    ...{ type: 'ReserveCredit', ...asking(parts, call, plan), mayCost: plan.mayCost, at },
  });

const asking = (
  { processId }: HoldParts,
  { facts: call, rates = [] }: ModelCall,
  { quotes, outputTokens, tokens, price }: Priced,
) => ({ call, processId, quotes, outputTokens, tokens, price, rates });

function settledBy(events: readonly WalletEvent[]): Settled {
  if (events.some(({ type }) => type === 'LateCostsPosted')) return 'refused';
  return events.length > 0 ? 'recorded' : 'gone';
}

/** The whole charge, as the event that says it has it. */
function chargeIn(events: readonly WalletEvent[]): Charge | undefined {
  for (const { type, data } of events) {
    if (type === 'UsageSettled' || type === 'LateSettlementPosted') {
      return { amount: data.charge, asset: data.asset };
    }
  }
  return undefined;
}

const nothing: Consumption = { usage: noUsage, characters: 0 };

/** The end of a call whose caller had given up before its hold was written. */
const unanswered: CallEnd = {
  ending: {
    outcome: 'abandoned',
    upstream: null,
    upstreamModel: null,
    latencyMs: 0,
    firstTokenMs: null,
  },
  costs: [],
};

const contextOf = ({ clock }: HoldParts, { facts }: ModelCall, step: string): CommandContext => ({
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
): Promise<readonly WalletEvent[]> {
  let search: Pick<ExecuteContext, 'claimedAfter'> = {};
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(2 * pauseMs, longestPauseMs)) {
    try {
      const { events } = await wallet.run(stream, command, { ...context, ...search });
      return events;
    } catch (error) {
      if (error instanceof Rejection) throw error;
      log.warn({ err: error, command: context.commandId }, 'the end of a call is tried again');
      if (claimedAfter !== undefined) search = { claimedAfter };
      await pause(pauseMs);
    }
  }
}

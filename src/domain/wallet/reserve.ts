import { account, entry, isUnit } from '../accounts.ts';
import type { Decimal } from '../money.ts';
import { canonical } from '../money.ts';
import { Rejection } from '../rejection.ts';
import type { Quote, ReserveCredit } from './commands.ts';
import type { WalletEvent } from './events.ts';
import type { Lot } from './lots.ts';
import { allocate, freeOf, heldOf, usableLots } from './lots.ts';
import type { Hold, Wallet } from './wallet.ts';
import { refuseFull } from './wallet.ts';

/** An answer shorter than this is not worth a clamped call. */
const leastOutput = 16;

/** Holds what the call may cost, wholly in one asset, or says why it may not run. */
export function reserve(command: ReserveCredit, wallet: Wallet): readonly WalletEvent[] {
  const open = wallet.holds.get(command.call.callId);
  if (open) return sameCall(open, command);
  if (!wallet.opened) throw insufficient();
  refuseFull(wallet);
  if (wallet.opened.currency !== command.price.currency) {
    throw new Rejection('currency_mismatch', 'This model has no price in the wallet’s currency.');
  }
  return [held(command, wallet.opened.walletId, fitting(command, wallet))];
}

const insufficient = () =>
  new Rejection('insufficient_quota', 'The credit does not cover this call.');

function sameCall(open: Hold, { call, processId }: ReserveCredit): readonly WalletEvent[] {
  if (open.processId === processId && open.call.requestId === call.requestId) return [];
  throw new Rejection('hold_conflict', `Call ${call.callId} is open already.`);
}

interface Fit {
  readonly quote: Quote;
  readonly lots: readonly Lot[];
  readonly output: number;
}

/** MONEY's table: the whole bound; else wait for open holds; else clamp; else no. */
function fitting({ quotes, outputTokens, call, at }: ReserveCredit, wallet: Wallet): Fit {
  let onHold = false;
  let clamped: Fit | undefined;
  for (const quote of quotes) {
    const lots = usableLots(wallet.lots.values(), { asset: quote.asset, model: call.model, at });
    const bound = boundOf(quote, outputTokens);
    const free = freeOf(lots);
    if (free.gte(bound)) return { quote, lots, output: outputTokens };
    if (free.plus(heldOf(lots)).gte(bound)) onHold = true;
    else if (!isUnit(quote.asset)) clamped = clamp(quote, lots);
  }
  if (onHold) throw new Rejection('credit_on_hold', 'Calls in flight hold the remaining credit.');
  if (clamped) return clamped;
  throw insufficient();
}

const boundOf = ({ fixed, perOutput }: Quote, output: number): Decimal =>
  fixed.plus(perOutput.times(output));

function clamp(quote: Quote, lots: readonly Lot[]): Fit | undefined {
  if (quote.perOutput.isZero()) return undefined;
  const output = freeOf(lots).minus(quote.fixed).div(quote.perOutput).floor();
  return output.lt(leastOutput) ? undefined : { quote, lots, output: output.toNumber() };
}

function held(
  { call, processId, price }: ReserveCredit,
  walletId: string,
  { quote, lots, output }: Fit,
): WalletEvent {
  const { asset } = quote;
  const amount = boundOf(quote, output);
  const parts = allocate(lots, amount);
  const legs = parts.flatMap(({ kind, amount: part }) => [
    { account: account.credit(walletId, kind), asset, amount: part },
    { account: account.hold(walletId, kind), asset, amount: part.negated() },
  ]);
  return {
    type: 'CreditReserved',
    data: {
      walletId,
      call,
      processId,
      asset,
      amount: canonical(amount),
      alloc: parts.map(({ lotId, amount: part }) => ({ lotId, asset, amount: canonical(part) })),
      maxOutput: output,
      price,
      legs: entry(legs),
    },
  };
}

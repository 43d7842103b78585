import { account, entry, isUnit } from '../accounts.ts';
import type { Decimal } from '../money.ts';
import { canonical, sum, Decimal as Whole, zero } from '../money.ts';
import { Rejection } from '../rejection.ts';
import type { Cost } from './call-events.ts';
import type { CheckCredit, MayCost, Quote, ReserveCredit } from './commands.ts';
import type { WalletEvent } from './events.ts';
import { mostEnds } from './expire.ts';
import { countedAgainst, useOf } from './limits.ts';
import type { Lot } from './lots.ts';
import { allocate, freeOf, heldOf, usableLots } from './lots.ts';
import type { Opened, Wallet } from './wallet.ts';
import { debtOf, entriesOfHold, entriesOfTerms, lotsIn, refuseFull, remembered } from './wallet.ts';

/** An answer shorter than this is not worth a clamped call. */
const leastOutput = 16;

/** Holds what the call may cost, wholly in one asset, or says why it may not run. */
export function reserve(command: ReserveCredit, wallet: Wallet): readonly WalletEvent[] {
  const covered = coverOf(command, wallet);
  return covered ? [held(command, wallet, covered)] : [];
}

/**
 * Refuses what `reserve` would refuse with these bounds and with any larger ones, and decides nothing else: a larger
 * bound is covered by nothing that doesn't cover a smaller one, and no other refusal asks for it. Only what waits for
 * open holds may come to something else.
 */
export function checkCredit(command: CheckCredit, wallet: Wallet): readonly WalletEvent[] {
  try {
    coverOf(command, wallet);
  } catch (refusal) {
    if (!(refusal instanceof Rejection && refusal.code === 'credit_on_hold')) throw refusal;
  }
  return [];
}

type Asked = Omit<ReserveCredit, 'type'>;

/** What pays for a call, before its limits are asked; undefined: it is held already. */
function coverOf(command: Asked, wallet: Wallet): Cover | undefined {
  const { call, price } = command;
  const open = wallet.holds.get(call.callId);
  if (open?.processId === command.processId && open.call.requestId === call.requestId) {
    return undefined;
  }
  if (open || remembered(wallet, command.at).has(call.callId)) {
    throw new Rejection('hold_conflict', `Call ${call.callId} is open or over already.`);
  }
  if (!wallet.opened) throw insufficient();
  if (wallet.frozen) throw new Rejection('wallet_frozen', 'This wallet is frozen.');
  const { currency } = wallet.opened;
  if (currency !== price.currency) {
    throw new Rejection('currency_mismatch', 'This model has no price in the wallet’s currency.', {
      why: 'model_not_priced',
      values: { currency },
    });
  }
  const debt = debtOf(wallet);
  if (debt.gt(overdraftOf(wallet))) {
    throw new Rejection('insufficient_quota', 'What is owed must be paid first.', {
      why: 'debt_first',
      values: { owed: canonical(debt), currency },
    });
  }
  return { opened: wallet.opened, fit: fitting(command, wallet) };
}

const insufficient = () =>
  new Rejection('insufficient_quota', 'The credit does not cover this call.');

/** What may be owed at most. */
const overdraftOf = ({ limits }: Wallet): Decimal =>
  new Whole(limits.get('wallet/total/overdraft')?.most ?? 0);

/** Where a call's whole cost comes from. */
interface Source {
  readonly quote: Quote;
  readonly lots: readonly Lot[];
  /** Beyond the lots: what may still be owed. */
  readonly overdraft: Decimal;
  /** What open calls have drawn of that. */
  readonly drawn: Decimal;
}

interface Fit extends Source {
  readonly output: number;
}

/** The allowance that covers the call; else, unless an allowance blocks, money; else what `short` says. */
function fitting(command: Asked, wallet: Wallet): Fit {
  const all = { lots: lotsIn(wallet), ...overdraftIn(wallet) };
  const sources = command.quotes.map((quote) => sourceOf(quote, command, all));
  const covering = sources.find(
    (source) => !isMoney(source) && source.lots.length > 0 && covers(source, command),
  );
  if (covering) return { ...covering, output: command.outputTokens };
  const blocking = sources.filter(({ lots }) => lots.some(({ past }) => past === 'block'));
  const decisive = blocking.length > 0 ? blocking : sources.filter(isMoney);
  for (const source of decisive) {
    if (covers(source, command)) return { ...source, output: command.outputTokens };
  }
  return short(decisive, command);
}

const isMoney = ({ quote }: Source): boolean => !isUnit(quote.asset);

/** What may still be owed, and what open calls have drawn of it. */
function overdraftIn(wallet: Wallet): Pick<Source, 'overdraft' | 'drawn'> {
  const most = overdraftOf(wallet).minus(debtOf(wallet));
  const room = most.minus(wallet.overdrawn);
  const overdraft = room.isNegative() ? zero : room;
  return { overdraft, drawn: most.minus(overdraft) };
}

const noOverdraft = { overdraft: zero, drawn: zero };

function sourceOf(
  quote: Quote,
  { call: { model }, at }: Asked,
  { lots, overdraft, drawn }: Omit<Source, 'quote'>,
): Source {
  const { asset } = quote;
  const usable = drawable(usableLots(lots, { asset, model, at }));
  return { quote, lots: usable, ...(isUnit(asset) ? noOverdraft : { overdraft, drawn }) };
}

/** A call draws on the first lots only: each may end with it, and all those ends stand in one append. */
function drawable(lots: readonly Lot[]): readonly Lot[] {
  let left = mostEnds;
  return lots.filter(({ free }) => {
    if (free.isZero()) return true;
    left -= 1;
    return left >= 0;
  });
}

const availableIn = ({ lots, overdraft }: Source): Decimal => freeOf(lots).plus(overdraft);

const covers = (source: Source, { outputTokens }: Asked): boolean =>
  availableIn(source).gte(boundOf(source.quote, outputTokens));

const boundOf = ({ fixed, perOutput }: Omit<Quote, 'asset'>, output: number): Decimal =>
  fixed.plus(perOutput.times(output));

/** Nothing covers the whole bound: wait for open holds, else clamp the answer, else no. */
function short(sources: readonly Source[], { outputTokens }: Asked): Fit {
  const waits = sources.some((source) => {
    const returning = heldOf(source.lots).plus(source.drawn);
    return availableIn(source).plus(returning).gte(boundOf(source.quote, outputTokens));
  });
  if (waits) throw new Rejection('credit_on_hold', 'Calls in flight hold the remaining credit.');
  for (const source of sources) {
    const output = clampOf(source);
    if (output !== undefined) return { ...source, output };
  }
  throw insufficient();
}

function clampOf(source: Source): number | undefined {
  const { fixed, perOutput } = source.quote;
  if (perOutput.isZero()) return undefined;
  const output = availableIn(source).minus(fixed).div(perOutput).floor();
  return output.lt(leastOutput) ? undefined : output.toNumber();
}

/** What an upstream may charge for the output that is held; nothing is not worth a word. */
function costWith(mayCost: MayCost, output: number): Cost | undefined {
  const { upstream, asset } = mayCost;
  const most = boundOf(mayCost, output);
  return most.isZero() ? undefined : { upstream, asset, amount: canonical(most) };
}

interface Cover {
  readonly opened: Opened;
  readonly fit: Fit;
}

function held(command: ReserveCredit, wallet: Wallet, { opened, fit }: Cover): WalletEvent {
  const { call, processId, price, mayCost, rates = [], at } = command;
  const { quote, lots, output } = fit;
  const cost = mayCost && costWith(mayCost, output);
  const { walletId } = opened;
  const { asset } = quote;
  const amount = boundOf(quote, output);
  const { parts: taken, lacking } = allocate(lots, amount);
  const drawn = { lotId: null, kind: 'paid' as const, amount: lacking };
  const parts = lacking.isZero() ? taken : [...taken, drawn];
  const tokens = boundOf(command.tokens, output);
  const use = useOf(tokens, asset, amount);
  const counted = countedAgainst(wallet, { apiKeyId: call.apiKeyId, rates, use, at });
  refuseFull(wallet, entriesOfHold({ parts }, wallet) + entriesOfTerms + counted.length, at);
  const legs = parts.flatMap(({ lotId, kind, amount: part }) => [
    {
      account: lotId === null ? account.receivable(walletId) : account.credit(walletId, kind),
      asset,
      amount: part,
    },
    { account: account.hold(walletId, kind), asset, amount: part.negated() },
  ]);
  return {
    type: 'CreditReserved',
    data: {
      walletId,
      call,
      processId,
      asset,
      amount: canonical(sum(parts.map((part) => part.amount))),
      alloc: parts.map(({ lotId, amount: part }) => ({ lotId, asset, amount: canonical(part) })),
      maxOutput: output,
      tokens: canonical(tokens),
      price,
      ...(cost && { mayCost: cost }),
      at,
      counted,
      legs: entry(legs),
    },
  };
}

import type { Cost } from '../../src/domain/wallet/call-events.ts';
import type {
  CheckCredit,
  Consumption,
  Quote,
  ReleaseHold,
  ReserveCredit,
  ResolveAbandoned,
  SettleUsage,
} from '../../src/domain/wallet/commands.ts';
import type { Rate } from '../../src/domain/wallet/rates.ts';
import type { Ledger, OracleCall, OracleLimit, OracleLot, OraclePart } from './oracle-ledger.ts';
import {
  debtOf,
  drawnOf,
  freeIn,
  heldIn,
  isRemembered,
  isUnits,
  one,
  overdraftOf,
  smaller,
  takeFrom,
  total,
  units,
  usable,
  useOf,
  useOfRate,
  written,
} from './oracle-ledger.ts';
import {
  credit,
  earnedAt,
  hold,
  lapse,
  payDebts,
  post,
  Refused,
  receivable,
  refuse,
} from './oracle-postings.ts';

interface Source {
  readonly quote: Quote;
  readonly lots: readonly OracleLot[];
  readonly overdraft: bigint;
}

const boundOf = ({ fixed, perOutput }: Omit<Quote, 'asset'>, output: number): bigint =>
  units(fixed.toFixed()) + units(perOutput.toFixed()) * BigInt(output);

export function reserve(ledger: Ledger, command: ReserveCredit): void {
  const { call, processId, price, at } = command;
  const cover = coverFor(ledger, command);
  if (!cover) return;
  const { quote, lots, output } = cover;
  const amount = boundOf(quote, output);
  const parts: OraclePart[] = takeFrom(lots, amount);
  const drawn = amount - total(parts.map((part) => part.amount));
  if (drawn > 0n) parts.push({ lot: null, amount: drawn });
  const tokens = boundOf(command.tokens, output);
  const { rates = [] } = command;
  const asked = { key: call.apiKeyId, asset: quote.asset, amount, tokens, rates, at };
  const limits = limitsFor(ledger, asked);
  ledger.calls.push({
    id: call.callId,
    requestId: call.requestId,
    processId,
    key: call.apiKeyId,
    model: call.model,
    price,
    asset: quote.asset,
    parts,
    amount,
    tokens,
    at,
    limits,
    rates: rates.map(({ scope, measure }) => `${scope} ${measure}`),
    status: 'open',
    sweptAt: at,
    charge: 0n,
    corrected: 0n,
    usedTokens: 0n,
    overrun: 0n,
    owed: 0n,
    taken: [],
    mayCost: mayCostOf(command, output),
    suspense: [],
    booked: [],
  });
  for (const part of parts) {
    part.lot?.moves.push({ free: -part.amount, held: part.amount });
    const kind = part.lot?.kind ?? 'paid';
    post(ledger, part.lot ? credit(ledger, kind) : receivable(ledger), quote.asset, part.amount);
    post(ledger, hold(ledger, kind), quote.asset, -part.amount);
  }
  const from = parts.map((part) => `${part.lot?.id ?? null}=${written(part.amount)}`);
  ledger.effects.push(
    `CreditReserved ${call.callId} ${quote.asset} ${written(amount)} ${output} ${from.join()}`,
  );
}

/** Where a call's bound comes from; undefined: it is held already. */
function coverFor(ledger: Ledger, command: ReserveCredit) {
  if (isAskedAgain(ledger, command)) return undefined;
  if (!ledger.opened) refuse('insufficient_quota');
  if (ledger.frozen) refuse('wallet_frozen');
  if (ledger.opened.currency !== command.price.currency) refuse('currency_mismatch');
  if (debtOf(ledger) > overdraftOf(ledger)) refuse('insufficient_quota');
  return sourceFor(ledger, command);
}

/** Only what open holds may give back is worth a count. */
export function check(ledger: Ledger, { type: _, ...command }: CheckCredit): void {
  try {
    coverFor(ledger, { type: 'ReserveCredit', ...command });
  } catch (error) {
    if (!(error instanceof Refused && error.code === 'credit_on_hold')) throw error;
  }
}

/** The most that its first upstream may ask for what is held. */
function mayCostOf({ mayCost }: ReserveCredit, output: number): readonly Cost[] {
  if (!mayCost) return [];
  const { upstream, asset } = mayCost;
  const amount = boundOf(mayCost, output);
  return amount === 0n ? [] : [{ upstream, asset, amount: written(amount) }];
}

/** Whether the same was reserved before; another may not take a call that somebody remembers. */
function isAskedAgain(ledger: Ledger, { call, processId, at }: ReserveCredit): boolean {
  const before = ledger.calls.findLast(({ id }) => id === call.callId);
  if (!before || (before.status !== 'open' && !isRemembered(before, at))) return false;
  const isSame = before.processId === processId && before.requestId === call.requestId;
  return (before.status === 'open' && isSame) || refuse('hold_conflict');
}

/** The table of 429s in `ops/charging.md`, over the allowance that blocks or else over money. */
function sourceFor(ledger: Ledger, command: ReserveCredit): Source & { readonly output: number } {
  const { call, outputTokens, at } = command;
  const room = overdraftOf(ledger) - debtOf(ledger) - drawnOf(ledger);
  const sources = command.quotes.map((quote): Source => {
    const lots = usable(ledger, quote.asset, { model: call.model, at });
    return { quote, lots, overdraft: isUnits(quote.asset) || room < 0n ? 0n : room };
  });
  const has = ({ lots, overdraft }: Source) => total(lots.map(freeIn)) + overdraft;
  const fits = (source: Source, output: number) => has(source) >= boundOf(source.quote, output);
  const allowance = sources.find(
    (source) => isUnits(source.quote.asset) && source.lots.length > 0 && fits(source, outputTokens),
  );
  if (allowance) return { ...allowance, output: outputTokens };
  const blocking = sources.filter(({ lots }) => lots.some(({ blocks }) => blocks));
  const asked =
    blocking.length > 0 ? blocking : sources.filter(({ quote }) => !isUnits(quote.asset));
  const covered = asked.find((source) => fits(source, outputTokens));
  if (covered) return { ...covered, output: outputTokens };
  const wouldDo = asked.some((source) => {
    const returning = total(source.lots.map(heldIn));
    const drawn = isUnits(source.quote.asset)
      ? 0n
      : overdraftOf(ledger) - debtOf(ledger) - source.overdraft;
    return has(source) + returning + drawn >= boundOf(source.quote, outputTokens);
  });
  if (wouldDo) refuse('credit_on_hold');
  for (const source of asked) {
    for (let output = outputTokens; output >= 16; output -= 1) {
      if (fits(source, output)) return { ...source, output };
    }
  }
  return refuse('insufficient_quota');
}

interface Asked {
  readonly key: string;
  readonly asset: string;
  readonly amount: bigint;
  readonly tokens: bigint;
  readonly rates: readonly Rate[];
  readonly at: string;
}

/** The limits that count a call; a refusal that no waiting mends is said before one that it does. */
function limitsFor(ledger: Ledger, asked: Asked): OracleLimit[] {
  const { key, asset, amount, tokens, rates, at } = asked;
  const applying = ledger.limits.filter(
    ({ terms }) =>
      terms.measure !== 'overdraft' && (terms.apiKeyId === null || terms.apiKeyId === key),
  );
  const asks = {
    requests: one,
    calls: one,
    tokens,
    money: isUnits(asset) ? 0n : amount,
    overdraft: 0n,
  };
  const known = [
    ...applying.map((limit) => ({ ...limit.terms, ...limit, used: useOf(limit, ledger, at) })),
    ...rates.map((rate) => ({ ...rate, used: useOfRate(rate, ledger, at) })),
  ];
  const refusals = known.flatMap(({ measure, window, used, ...limit }) => {
    const most = units(limit.most ?? '0');
    if (used + asks[measure] <= most) return [];
    const passes = window === 'minute' || window === 'now';
    return [passes && asks[measure] <= most ? 'rate_limit_exceeded' : 'budget_exhausted'];
  });
  if (refusals.includes('budget_exhausted')) refuse('budget_exhausted');
  if (refusals.length > 0) refuse('rate_limit_exceeded');
  return applying;
}

const openCall = ({ calls }: Ledger, id: string): OracleCall | undefined =>
  calls.find((call) => call.id === id && call.status === 'open');

export function settle(ledger: Ledger, command: SettleUsage): void {
  const call = openCall(ledger, command.callId);
  if (!call) return;
  charge(ledger, call, command);
  call.status = 'over';
}

interface Charging extends Consumption {
  readonly costs: readonly Cost[];
  readonly overrun: 'absorbed' | 'owed';
  readonly at: string;
}

function charge(ledger: Ledger, call: OracleCall, command: Charging): void {
  const used = consumedBy(call, command);
  call.charge = smaller(used, call.amount);
  call.overrun = used - call.charge;
  call.usedTokens = tokensOf(command);
  ledger.effects.push(`UsageSettled ${call.id} ${written(call.charge)}`);
  const returned = giveBack(ledger, call);
  cost(ledger, command.costs, 'cogs');
  accrue(ledger, call, { amount: call.overrun, overrun: command.overrun });
  lapse(ledger, returned, command.at);
  payDebts(ledger, command.at);
}

/** What is beyond the hold is an event of its own. */
export function accrue(
  ledger: Ledger,
  call: OracleCall,
  { amount, overrun }: { readonly amount: bigint; readonly overrun: 'absorbed' | 'owed' },
): void {
  if (amount <= 0n) return;
  const { id, asset } = call;
  const treatment = isUnits(asset) ? 'absorbed' : overrun;
  ledger.effects.push(`OverageAccrued ${id} ${written(amount)} ${treatment}`);
  if (isUnits(asset)) return;
  if (treatment === 'owed') {
    ledger.debts.push(amount);
    call.owed += amount;
  }
  post(ledger, treatment === 'owed' ? receivable(ledger) : 'writeoff', asset, amount);
  post(ledger, 'revenue:usage', asset, -amount);
}

export const tokensOf = ({ usage }: Consumption): bigint =>
  BigInt(usage.input + usage.cachedInput + usage.output + usage.reasoning) * one;

/** What nobody counted is as much as it may be. */
export function consumedBy(call: OracleCall, consumption: Consumption): bigint {
  const { asset, amount, price } = call;
  const { prices } = price;
  const { usage, characters } = consumption;
  if (asset === 'requests') return one;
  if (asset === 'tokens') return tokensOf(consumption);
  if (asset === 'characters') return characters === null ? amount : BigInt(characters) * one;
  const inMillionths =
    units(prices.input) * BigInt(usage.input) +
    units(prices.cachedInput) * BigInt(usage.cachedInput) +
    units(prices.output) * BigInt(usage.output + usage.reasoning);
  return inMillionths / 1_000_000n;
}

/** Takes the charge from the parts in their order; the rest returns. */
function giveBack(ledger: Ledger, call: OracleCall): readonly OraclePart[] {
  let left = call.charge;
  const taken: OraclePart[] = [];
  const returned: OraclePart[] = [];
  for (const { lot, amount } of call.parts) {
    const part = smaller(amount, left);
    const rest = amount - part;
    left -= part;
    taken.push({ lot, amount: part });
    returned.push({ lot, amount: rest });
    lot?.moves.push({ free: rest, held: -amount });
    if (!lot) ledger.debts.push(part);
    const kind = lot?.kind ?? 'paid';
    post(ledger, hold(ledger, kind), call.asset, amount);
    post(ledger, lot ? credit(ledger, kind) : receivable(ledger), call.asset, -rest);
  }
  post(ledger, earnedAt(call.asset), call.asset, -call.charge);
  call.taken = taken;
  return returned;
}

export function cost(
  ledger: Ledger,
  costs: readonly Cost[],
  where: 'cogs' | 'suspense',
  sign: 1n | -1n = 1n,
): void {
  for (const { upstream, asset, amount } of costs) {
    const booked = sign * units(amount);
    post(ledger, where === 'cogs' ? `cogs:llm:${upstream}` : where, asset, booked);
    post(ledger, `payable:llm:${upstream}`, asset, -booked);
  }
}

export function release(ledger: Ledger, { callId, costs, at }: ReleaseHold): void {
  const call = openCall(ledger, callId);
  if (!call) return;
  ledger.effects.push(`ReservationReleased ${call.id}`);
  const returned = giveBack(ledger, call);
  call.status = 'over';
  cost(ledger, costs, 'cogs');
  lapse(ledger, returned, at);
  payDebts(ledger, at);
}

export function resolve(ledger: Ledger, command: ResolveAbandoned): void {
  const { evidence, costs, overrun, at } = command;
  const call = openCall(ledger, command.callId);
  if (!call) return;
  if (evidence) charge(ledger, call, { ...evidence, costs, overrun, at });
  else {
    ledger.effects.push(`ReservationExpired ${call.id}`);
    const returned = giveBack(ledger, call);
    cost(ledger, costs, 'cogs');
    call.suspense = command.possibleCosts ?? call.mayCost;
    cost(ledger, call.suspense, 'suspense');
    lapse(ledger, returned, at);
    payDebts(ledger, at);
  }
  call.booked = costs;
  call.status = 'swept';
  call.sweptAt = at;
}

import type { Decimal } from '../money.ts';
import { canonical, least, money, sum, zero } from '../money.ts';
import { PersistentMap } from '../persistent-map.ts';
import { tokensOf } from '../price-list/usage.ts';
import type { Counted, LotPart } from './call-events.ts';
import { summed } from './costs.ts';
import type { WalletEventData } from './events.ts';
import { addNewLots, changeLots } from './evolve-lots.ts';
import { usedIn } from './limits.ts';
import type { TakenLot } from './lot-events.ts';
import type { HeldPart } from './lots.ts';
import { isRateKey } from './rates.ts';
import type { Hold, Swept, Wallet } from './wallet.ts';
import { entriesOfHold, livingCounters, remembered, termsOf } from './wallet.ts';

export function reserved(wallet: Wallet, data: WalletEventData<'CreditReserved'>): Wallet {
  const parts = data.alloc.map(({ lotId, amount }): HeldPart => {
    const kind = (lotId === null ? undefined : wallet.lots.get(lotId)?.kind) ?? 'paid';
    return { lotId, kind, amount: money(amount) };
  });
  const { clientRequestId: _, ...call } = data.call;
  const hold: Hold = {
    call,
    processId: data.processId,
    asset: data.asset,
    amount: money(data.amount),
    parts,
    maxOutput: data.maxOutput,
    tokens: money(data.tokens),
    price: data.price,
    mayCost: data.mayCost,
    at: data.at,
    limits: data.counted.map(({ limit }) => limit),
  };
  const moved = changeLots(
    wallet,
    parts.map(({ lotId, amount }) => ({ lotId, free: amount.negated(), held: amount })),
  );
  const { callId, apiKeyId } = call;
  return count(
    {
      ...moved,
      counters: begun(moved, data),
      holds: moved.holds.set(callId, hold),
      openByKey: moved.openByKey.set(apiKeyId, (moved.openByKey.get(apiKeyId) ?? 0) + 1),
      terms: use(moved.terms, termsOf(hold), 1),
      entries: moved.entries + entriesOfHold(hold, wallet),
    },
    data.counted,
  );
}

type Resolved = WalletEventData<'UsageSettled' | 'ReservationReleased' | 'ReservationExpired'>;

/** A hold ends: what was consumed leaves, the rest goes back. */
export function resolved(wallet: Wallet, data: Resolved, consumed: readonly LotPart[]): Wallet {
  const { callId, apiKeyId } = data.call;
  const hold = wallet.holds.get(callId);
  if (!hold) return wallet;
  const moved = changeLots(wallet, [
    ...consumed.map(({ lotId, amount }) => ({ lotId, held: money(amount).negated() })),
    ...data.returned.map(({ lotId, amount }) => ({
      lotId,
      free: money(amount),
      held: money(amount).negated(),
    })),
  ]);
  return count(
    {
      ...moved,
      holds: moved.holds.delete(callId),
      openByKey: use(moved.openByKey, apiKeyId, -1),
      terms: use(moved.terms, termsOf(hold), -1),
      entries: moved.entries - entriesOfHold(hold, wallet),
    },
    data.counted,
  );
}

type SweptData = WalletEventData<'UsageSettled' | 'ReservationExpired'>;

/** Keeps what a call that still lives may ask about later, and forgets what is too old. */
export function remember(before: Wallet, after: Wallet, data: SweptData): Wallet {
  const hold = before.holds.get(data.call.callId);
  if (!hold) return after;
  const settled = 'charge' in data;
  const entry: Swept = {
    call: data.call,
    asset: data.asset,
    amount: hold.amount,
    charge: settled ? money(data.charge) : zero,
    overrun: zero,
    tokens: settled ? money(`${tokensOf(data.usage)}`) : zero,
    price: hold.price,
    terms: termsOf(hold),
    at: hold.at,
    sweptAt: data.at,
    limits: hold.limits,
    suspense: settled ? [] : data.possibleCosts,
    booked: summed(data.costs),
    taken: settled ? takenFrom(before, data.consumed) : [],
  };
  const swept = remembered(after, data.at);
  return { ...after, swept: new Map([...swept, [data.call.callId, entry]]) };
}

/** The terms of what was consumed, so that it can be given back when its lot is gone. */
function takenFrom({ lots }: Wallet, consumed: readonly LotPart[]): readonly TakenLot[] {
  return consumed.flatMap(({ lotId, amount }): readonly TakenLot[] => {
    const lot = lotId === null ? undefined : lots.get(lotId);
    const { kind = 'paid', priority = 0, expiresAt = null, scope = null } = lot ?? {};
    const terms = { kind, priority, expiresAt, scope: scope && [...scope] };
    const taken = { ...terms, lotId: lotId ?? zeroLot, amount };
    return [lot?.ended === 'revoked' ? { ...taken, revoked: true } : taken];
  });
}

/** What a call that may still say more was charged of a lot goes the lot's way when it comes back. */
export function revokedTaken(wallet: Wallet, lotId: string): Wallet {
  const isOf = (lot: TakenLot) => lot.lotId === lotId && !lot.revoked;
  const mark = (lot: TakenLot): TakenLot => (isOf(lot) ? { ...lot, revoked: true } : lot);
  const marked = [...wallet.swept].map(([callId, swept]): [string, Swept] => [
    callId,
    swept.taken.some(isOf) ? { ...swept, taken: swept.taken.map(mark) } : swept,
  ]);
  return { ...wallet, swept: new Map(marked) };
}

/** Stands for the overdraft where a lot is named. */
const zeroLot = '00000000-0000-0000-0000-000000000000';

/** A call that was swept has said its last. */
export function forgotten(wallet: Wallet, callId: string): Wallet {
  const swept = new Map(wallet.swept);
  swept.delete(callId);
  return { ...wallet, swept };
}

export function late(wallet: Wallet, data: WalletEventData<'LateSettlementPosted'>): Wallet {
  const taken = changeLots(
    forgotten(wallet, data.call.callId),
    data.consumed.map(({ lotId, amount }) => ({ lotId, free: money(amount).negated() })),
  );
  const { asset, at } = data;
  return count(addNewLots(taken, data.lots, { asset, at }), data.counted);
}

/** What was used beyond a hold; the state knows only what of it is owed. */
export function accrued(wallet: Wallet, data: WalletEventData<'OverageAccrued'>): Wallet {
  const { callId, amount, treatment, counted } = data;
  const swept = wallet.swept.get(callId);
  const overrun = swept && { ...swept, overrun: swept.overrun.plus(amount) };
  const after = {
    ...wallet,
    swept: overrun ? new Map([...wallet.swept, [callId, overrun]]) : wallet.swept,
    owed: treatment === 'owed' ? wallet.owed.plus(amount) : wallet.owed,
  };
  return count(after, counted);
}

/** A call that was swept and may still say more has given back what a correction of it has. */
export function corrected(wallet: Wallet, data: WalletEventData<'UsageCorrected'>): Wallet {
  const { callId, asset, amount, lots, effectiveAt } = data;
  const after = addNewLots(wallet, lots, { asset, at: effectiveAt });
  const swept = wallet.swept.get(callId);
  if (swept?.asset !== asset) return after;
  const taken = lessLast(swept.taken, money(amount));
  return { ...after, swept: new Map([...wallet.swept, [callId, { ...swept, taken }]]) };
}

/** The same without so much of what was taken last. */
function lessLast(taken: readonly TakenLot[], amount: Decimal): readonly TakenLot[] {
  let left = atLeastZero(sum(taken.map((lot) => money(lot.amount))).minus(amount));
  return taken.flatMap((lot) => {
    const rest = least(money(lot.amount), left);
    left = left.minus(rest);
    return rest.isZero() ? [] : [{ ...lot, amount: canonical(rest) }];
  });
}

/** Calls that a limit counted and that outlive it: set again, it knows nothing of them. */
export function uncounted(wallet: Wallet, key: string): Wallet {
  const without = <Call extends Hold | Swept>(call: Call): Call => ({
    ...call,
    limits: call.limits.filter((limit) => limit !== key),
  });
  return {
    ...wallet,
    holds: PersistentMap.of(wallet.holds.entries().map(([id, hold]) => [id, without(hold)])),
    swept: new Map([...wallet.swept].map(([id, swept]) => [id, without(swept)])),
  };
}

function use(uses: Wallet['terms'], key: string, more: 1 | -1): Wallet['terms'] {
  const left = (uses.get(key) ?? 0) + more;
  return left > 0 ? uses.set(key, left) : uses.delete(key);
}

/** The counters that a new call counts in: those of rates begin with it, and end with their minute. */
function begun(wallet: Wallet, { counted, at }: WalletEventData<'CreditReserved'>) {
  const living = livingCounters(wallet, at);
  const unseen = counted.filter(({ limit }) => isRateKey(limit) && !living.has(limit));
  if (unseen.length === 0) return living;
  const started = unseen.map(({ limit, window }) => [limit, { window, used: zero }] as const);
  return new Map([...living, ...started]);
}

/** Counts within the newest window that a limit has seen; an older one is over, and so is a lifted limit. */
function count(wallet: Wallet, counted: readonly Counted[]): Wallet {
  if (counted.length === 0) return wallet;
  const counters = new Map(wallet.counters);
  for (const { limit, window, amount } of counted) {
    const counter = counters.get(limit);
    if (!(counter || wallet.limits.has(limit)) || (counter && counter.window > window)) continue;
    counters.set(limit, { window, used: atLeastZero(usedIn(counter, window).plus(amount)) });
  }
  return { ...wallet, counters };
}

const atLeastZero = (amount: Decimal): Decimal => (amount.isNegative() ? zero : amount);

import { imbalance, isUnit } from '../../src/domain/accounts.ts';
import type { Recorded } from '../../src/domain/events.ts';
import type { Decimal } from '../../src/domain/money.ts';
import { money, sum, Decimal as Whole, zero } from '../../src/domain/money.ts';
import { toBook } from '../../src/domain/wallet/book.ts';
import { wallet } from '../../src/domain/wallet/decider.ts';
import type { WalletEvent } from '../../src/domain/wallet/events.ts';
import { walletEvents } from '../../src/domain/wallet/events.ts';
import { windowOf } from '../../src/domain/wallet/limits.ts';
import { isLive } from '../../src/domain/wallet/lots.ts';
import type { Wallet } from '../../src/domain/wallet/wallet.ts';
import { debtOf } from '../../src/domain/wallet/wallet.ts';
import { legsOf } from '../../src/projections/legs.ts';
import { rateBook } from './rate-book.ts';
import { mustHold } from './violation.ts';

type Happened = Recorded<WalletEvent>;

const isOfWallet = (event: Recorded): event is Recorded & Happened =>
  Object.hasOwn(walletEvents, event.type);

/** Checks a wallet after each of its events and returns what they fold to; streams in their order. */
export function checkWallet(walletId: string, streams: readonly (readonly Recorded[])[]): Wallet {
  const book = ledger();
  const lots = lotBook();
  const rates = rateBook();
  const resolved = new Set<string>();
  let state = wallet.initialState;
  let recordedAt = '';
  for (const stream of streams) {
    // A stream says by itself all that the ones before it came to.
    let alone = wallet.initialState;
    for (const event of stream.filter(isOfWallet)) {
      const at = `at ${event.stream}:${event.revision} (${event.type})`;
      const before = state;
      state = wallet.evolve(before, event);
      alone = wallet.evolve(alone, event);
      mustHold(event.meta.recordedAt >= recordedAt, 'time', () => `it goes back ${at}`);
      recordedAt = event.meta.recordedAt;
      book.post(event, at);
      lots.post(event);
      rates.post(event, state, at);
      checkBalances(walletId, { state, book, at });
      checkHolds(state, at);
      if (event.type === 'CreditReserved') checkReserved(event, { before, after: state, at });
      if (
        event.type === 'UsageSettled' ||
        event.type === 'ReservationReleased' ||
        event.type === 'ReservationExpired'
      ) {
        const { callId } = event.data.call;
        mustHold(!resolved.has(callId), 'I4', () => `${callId} is resolved again ${at}`);
        resolved.add(callId);
        checkResolved(event, before, at);
      }
    }
    mustHold(bookOf(alone) === bookOf(state), 'I2', () => 'a stream alone folds to another state');
  }
  lots.check(state);
  return state;
}

export const bookOf = (state: Wallet): string => JSON.stringify(toBook(state));

interface Ledger {
  post(event: Happened, at: string): void;
  of(prefix: string, asset: string): Decimal;
  readonly assets: ReadonlySet<string>;
}

/** Balances by account, from nothing but the legs. */
function ledger(): Ledger {
  const totals = new Map<string, Map<string, Decimal>>();
  const assets = new Set<string>();
  return {
    assets,
    post(event, at) {
      const legs = legsOf(event);
      mustHold(imbalance(legs).size === 0, 'I1', () => `legs don't sum to zero ${at}`);
      for (const { account, asset, amount } of legs) {
        const [kind = '', of = ''] = account.split(':');
        const ofAsset = totals.get(asset) ?? new Map<string, Decimal>();
        const key = `${kind}:${of}`;
        totals.set(asset, ofAsset.set(key, (ofAsset.get(key) ?? zero).plus(amount)));
        assets.add(asset);
      }
    },
    of: (prefix, asset) => totals.get(asset)?.get(prefix) ?? zero,
  };
}

interface Place {
  readonly state: Wallet;
  readonly book: Ledger;
  readonly at: string;
}

function checkBalances(walletId: string, { state, book, at }: Place): void {
  const lots = state.lots.values();
  for (const asset of book.assets) {
    const own = lots.filter((lot) => lot.asset === asset);
    const free = sum(own.map((lot) => lot.free));
    // Costs may be in other currencies than the wallet's.
    const isMoney = asset === state.opened?.currency;
    const overdrawn = isMoney ? state.overdrawn : zero;
    const held = sum(own.map((lot) => lot.held)).plus(overdrawn);
    const credit = book.of(`credit:${walletId}`, asset).negated();
    const hold = book.of(`hold:${walletId}`, asset).negated();
    mustHold(free.eq(credit), 'I2', () => `${free} ${asset} free, ${credit} in the ledger ${at}`);
    mustHold(held.eq(hold), 'I2', () => `${held} ${asset} held, ${hold} in the ledger ${at}`);
    if (!isMoney) continue;
    const owed = book.of(`receivable:${walletId}`, asset);
    mustHold(state.owed.eq(owed), 'I2', () => `${state.owed} owed, ${owed} in the ledger ${at}`);
  }
  for (const lot of lots) {
    const isBelow = lot.free.isNegative() || lot.held.isNegative();
    mustHold(!isBelow, 'I3', () => `lot ${lot.id}: ${lot.free} free, ${lot.held} held ${at}`);
  }
}

function checkHolds(state: Wallet, at: string): void {
  for (const asset of new Set(state.holds.values().map((hold) => hold.asset))) {
    const ofAsset = <Thing extends { readonly asset: string }>(things: readonly Thing[]) =>
      things.filter((thing) => thing.asset === asset);
    const open = sum(ofAsset(state.holds.values()).map(({ amount }) => amount));
    const inLots = sum(ofAsset(state.lots.values()).map(({ held }) => held));
    const held = isUnit(asset) ? inLots : inLots.plus(state.overdrawn);
    mustHold(open.eq(held), 'I4', () => `${open} ${asset} in open holds, ${held} held ${at}`);
  }
}

type Reserved = Extract<Happened, { type: 'CreditReserved' }>;

interface Step {
  readonly before: Wallet;
  readonly after: Wallet;
  readonly at: string;
}

/** A reservation takes what is usable then, and breaks no limit. */
function checkReserved({ data }: Reserved, { before, after, at }: Step): void {
  mustHold(!before.frozen, 'frozen', () => `a frozen wallet reserves ${at}`);
  for (const { lotId, amount } of data.alloc) {
    if (lotId === null) continue;
    const lot = before.lots.get(lotId);
    const isUsable = lot && isLive(lot, data.at) && (lot.scope?.includes(data.call.model) ?? true);
    mustHold(isUsable === true, 'I3', () => `lot ${lotId} can't be drawn on ${at}`);
    mustHold(lot?.free.gte(amount) === true, 'I3', () => `lot ${lotId} has not so much ${at}`);
  }
  const overdraft = new Whole(after.limits.get('wallet/total/overdraft')?.most ?? 0);
  const drawn = data.alloc.some(({ lotId }) => lotId === null);
  mustHold(
    !drawn || after.owed.lte(overdraft),
    'I3',
    () => `more than the overdraft is owed ${at}`,
  );
  mustHold(debtOf(before).lte(overdraft), 'I3', () => `a debt doesn't block ${at}`);
  checkLimits(after, data.at, at);
}

function checkLimits(after: Wallet, now: string, at: string): void {
  for (const [key, { apiKeyId, window, measure, most }] of after.limits) {
    if (most === null || apiKeyId !== null || measure === 'overdraft') continue;
    const counter = after.counters.get(key);
    const isNow = counter?.window === windowOf(window, now);
    const used = measure === 'calls' ? new Whole(after.holds.size) : isNow ? counter.used : zero;
    mustHold(used.lte(most), 'limits', () => `${used} ${measure}, at most ${most} ${at}`);
  }
}

type Resolved = Extract<
  Happened,
  { type: 'UsageSettled' | 'ReservationReleased' | 'ReservationExpired' }
>;

function checkResolved({ type, data }: Resolved, before: Wallet, at: string): void {
  const hold = before.holds.get(data.call.callId);
  mustHold(hold !== undefined, 'I4', () => `there was no hold ${at}`);
  if (!hold) return;
  const charge = type === 'UsageSettled' ? money(data.charge) : zero;
  const back = sum(data.returned.map(({ amount }) => money(amount)));
  mustHold(charge.lte(hold.amount), 'I12', () => `${charge} of ${hold.amount} is charged ${at}`);
  mustHold(
    charge.plus(back).eq(hold.amount),
    'I5',
    () => `${back} of ${hold.amount} is back ${at}`,
  );
}

/** Where every grant went. */
function lotBook() {
  const lots = new Map<string, { granted: Decimal; consumed: Decimal; gone: Decimal }>();
  const of = (lotId: string) => {
    const lot = lots.get(lotId) ?? { granted: zero, consumed: zero, gone: zero };
    lots.set(lotId, lot);
    return lot;
  };
  const consume = (
    parts: readonly { readonly lotId: string | null; readonly amount: string }[],
  ) => {
    for (const { lotId, amount } of parts) {
      if (lotId !== null) of(lotId).consumed = of(lotId).consumed.plus(amount);
    }
  };
  const add = ({ lotId, amount }: { readonly lotId: string; readonly amount: string }) => {
    mustHold(of(lotId).granted.isZero(), 'I7', () => `lot ${lotId} is granted again`);
    of(lotId).granted = money(amount);
  };
  return {
    post({ type, data }: Happened) {
      switch (type) {
        case 'CreditGranted':
          return add(data);
        case 'UsageCorrected':
          return data.lots.forEach(add);
        case 'LateSettlementPosted':
          data.lots.forEach(add);
          return consume(data.consumed);
        case 'UsageSettled':
        case 'DebtPaid':
          return consume(data.consumed);
        case 'CreditExpired':
        case 'CreditRevoked':
          of(data.lotId).gone = of(data.lotId).gone.plus(data.amount);
          return;
      }
    },
    check(state: Wallet) {
      for (const [lotId, { granted, consumed, gone }] of lots) {
        const lot = state.lots.get(lotId);
        const left = (lot?.free ?? zero).plus(lot?.held ?? zero);
        const what = () =>
          `lot ${lotId}: ${granted} granted, ${consumed} consumed, ${gone} expired or revoked, ${left} left`;
        mustHold(granted.eq(consumed.plus(gone).plus(left)), 'I6', what);
      }
    },
  };
}

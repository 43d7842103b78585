import type { Asset } from '../accounts.ts';
import type { Instant } from '../ids.ts';
import type { Decimal } from '../money.ts';
import { sum, zero } from '../money.ts';
import { PersistentMap } from '../persistent-map.ts';
import { priceNames } from '../price-list/events.ts';
import { Rejection } from '../rejection.ts';
import type { Cost, EndedCall, PriceUsed } from './call-events.ts';
import type { Limit } from './limit-events.ts';
import { windowOf } from './limits.ts';
import type { TakenLot } from './lot-events.ts';
import type { HeldPart, Lot } from './lots.ts';
import { isLive } from './lots.ts';
import { isRateKey } from './rates.ts';

/** The reserved part of a wallet for one call. */
export interface Hold {
  readonly call: EndedCall;
  readonly processId: string;
  readonly asset: Asset;
  readonly amount: Decimal;
  readonly parts: readonly HeldPart[];
  readonly maxOutput: number;
  /** The bound in tokens. */
  readonly tokens: Decimal;
  readonly price: PriceUsed;
  /** What the upstream that is asked first may charge us. */
  readonly mayCost: Cost | undefined;
  readonly at: Instant;
  /** The keys of the limits that count it. */
  readonly limits: readonly string[];
}

/** A call whose hold the sweeper ended, for as long as the call itself may still say more. */
export interface Swept {
  readonly call: EndedCall;
  readonly asset: Asset;
  /** What was held: no charge is more. */
  readonly amount: Decimal;
  readonly charge: Decimal;
  /** What was used beyond the hold, and is written down. */
  readonly overrun: Decimal;
  /** Tokens that limits count for it. */
  readonly tokens: Decimal;
  readonly price: PriceUsed;
  /** By `termsOf`. */
  readonly terms: string;
  readonly at: Instant;
  readonly sweptAt: Instant;
  readonly limits: readonly string[];
  /** Costs that were put into `suspense`. */
  readonly suspense: readonly Cost[];
  /** Costs that are booked already, one of each upstream in each currency. */
  readonly booked: readonly Cost[];
  /** What was charged less what was corrected since, with the terms of its lots as they were. */
  readonly taken: readonly TakenLot[];
}

export interface Counter {
  readonly window: string;
  readonly used: Decimal;
}

export interface Opened {
  readonly walletId: string;
  readonly owner: { readonly type: 'member'; readonly id: string };
  readonly currency: string;
}

/** A wallet as its events make it: everything that decisions ask, and nothing else. */
export interface Wallet {
  readonly opened: Opened | null;
  /** The stream in which it goes on, once the books of this one are closed. */
  readonly next: string | null;
  /** The hash of the state that this stream began with. */
  readonly previous: string | null;
  readonly frozen: boolean;
  /** By id; `burn` has the ids in burn order. */
  readonly lots: PersistentMap<string, Lot>;
  readonly burn: readonly string[];
  /** By call. */
  readonly holds: PersistentMap<string, Hold>;
  /** By key: how many of its calls are in flight. */
  readonly openByKey: PersistentMap<string, number>;
  /** By call, the oldest first. */
  readonly swept: ReadonlyMap<string, Swept>;
  /** By `limitKey`. */
  readonly limits: ReadonlyMap<string, Limit>;
  /** By `limitKey`, and `rateKey` for what came with calls. */
  readonly counters: ReadonlyMap<string, Counter>;
  /** `receivable`: debts, and what open holds have drawn of the overdraft. */
  readonly owed: Decimal;
  /** The part of it that is held. */
  readonly overdrawn: Decimal;
  readonly grants: number;
  /** Uses of each price by open holds, by `termsOf`. */
  readonly terms: PersistentMap<string, number>;
  /** Room that lots and holds take in the state, in entries. */
  readonly entries: number;
}

export const emptyWallet: Wallet = {
  opened: null,
  next: null,
  previous: null,
  frozen: false,
  lots: PersistentMap.of(),
  burn: [],
  holds: PersistentMap.of(),
  openByKey: PersistentMap.of(),
  swept: new Map(),
  limits: new Map(),
  counters: new Map(),
  owed: zero,
  overdrawn: zero,
  grants: 0,
  terms: PersistentMap.of(),
  entries: 0,
};

/** Entries of at most 220 bytes each, so that a full state fits one append of 900 KiB. */
const mostEntries = 4_000;
/** Aliases of 128 characters: one fits into what an entry leaves. */
export const entriesOfLot = ({ scope }: Pick<Lot, 'scope'>): number => 1 + (scope?.length ?? 0);
/** A hold has the room that its call takes when it is swept, with the terms of its lots or a possible cost. */
export const entriesOfHold = (
  { parts }: Pick<Hold, 'parts'>,
  { lots }: Pick<Wallet, 'lots'>,
): number => {
  const ofLots = parts.map(({ lotId }) => {
    const lot = lotId === null ? undefined : lots.get(lotId);
    return entriesOfLot({ scope: lot?.scope ?? null });
  });
  return 2 + ofLots.reduce((total, each) => total + each, ofLots.length === 0 ? 1 : 0);
};
/** Two costs fit into an entry; booked ones are shorter, and two of them fit in with the call. */
const entriesOfSwept = ({ taken, suspense, booked }: Swept): number =>
  taken.reduce(
    (total, lot) => total + entriesOfLot(lot),
    2 + Math.ceil(suspense.length / 2) + Math.ceil(Math.max(0, booked.length - 2) / 3),
  );
/** A price has two entries of its own, and so have the names of its alias's two rates. */
export const entriesOfTerms = 4;

/** What a model and its price are called in the state. */
export const termsOf = ({ call: { model }, price }: Pick<Hold, 'call' | 'price'>): string =>
  [
    ...[model, price.alias, price.version, price.currency],
    ...priceNames.map((name) => price.prices[name] ?? '-'),
  ].join(' ');

/** So long a call whose hold was swept may still post a difference. */
const sweptMs = 24 * 60 * 60 * 1000;

/** The calls that were swept and may still say more: older ones mean nothing, kept or not. */
export function remembered({ swept }: Wallet, at: Instant): ReadonlyMap<string, Swept> {
  const [oldest] = swept.values();
  if (!oldest) return swept;
  const since = new Date(Date.parse(at) - sweptMs).toISOString();
  if (oldest.sweptAt >= since) return swept;
  return new Map([...swept].filter(([, { sweptAt }]) => sweptAt >= since));
}

/** The counters that mean something: what came with the calls of a minute is over with it. */
export function livingCounters({ counters }: Pick<Wallet, 'counters'>, at: Instant) {
  const minute = windowOf('minute', at);
  const isOver = ([key, { window }]: readonly [string, Counter]) =>
    isRateKey(key) && window < minute;
  const entries = [...counters];
  return entries.some(isOver) ? new Map(entries.filter((each) => !isOver(each))) : counters;
}

/** How full the state is, in entries. */
export function entriesIn(wallet: Wallet, at: Instant): number {
  let swept = 0;
  const others = new Set<string>();
  for (const each of remembered(wallet, at).values()) {
    swept += entriesOfSwept(each);
    if (!wallet.terms.has(each.terms)) others.add(each.terms);
  }
  return (
    wallet.entries +
    (wallet.terms.size + others.size) * entriesOfTerms +
    swept +
    wallet.limits.size +
    livingCounters(wallet, at).size
  );
}

/** Throws when there is no room for some more entries; ending a hold is always possible. */
export function refuseFull(wallet: Wallet, more: number, at: Instant): void {
  if (entriesIn(wallet, at) + more <= mostEntries) return;
  throw new Rejection('wallet_full', 'Too many calls or grants are open in this wallet.');
}

/** The same entries in the order of their keys, which depends on nothing that happened. */
export const inOrder = <Value>(entries: Iterable<readonly [string, Value]>) =>
  new Map([...entries].sort(([a], [b]) => (a < b ? -1 : 1)));

/** All lots in burn order. */
export const lotsIn = ({ lots, burn }: Wallet): readonly Lot[] =>
  burn.flatMap((id) => lots.get(id) ?? []);

/** Owed and backed by no open hold. */
export const debtOf = ({ owed, overdrawn }: Wallet): Decimal => owed.minus(overdrawn);

export interface Balance {
  readonly asset: Asset;
  /** Granted and not yet consumed, expired or revoked; what calls hold is part of it. */
  readonly posted: Decimal;
  readonly held: Decimal;
  /** What a call may draw on now. */
  readonly available: Decimal;
}

/** One balance per asset that the wallet holds something of, its currency first. */
export function balances(wallet: Wallet, at: Instant): readonly Balance[] {
  const all = wallet.lots.values();
  const assets = new Set<Asset>(wallet.opened ? [wallet.opened.currency] : []);
  for (const { asset } of all) assets.add(asset);
  return [...assets].map((asset) => {
    const lots = all.filter((lot) => lot.asset === asset);
    const overdrawn = asset === wallet.opened?.currency ? wallet.overdrawn : zero;
    const held = sum(lots.map((lot) => lot.held)).plus(overdrawn);
    return {
      asset,
      posted: sum(lots.map((lot) => lot.free)).plus(held),
      held,
      available: sum(lots.filter((lot) => isLive(lot, at)).map((lot) => lot.free)),
    };
  });
}

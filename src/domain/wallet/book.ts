import { z } from 'zod';
import { Asset, CreditKind, Currency } from '../accounts.ts';
import { Instant, Uuid } from '../ids.ts';
import { Amount, canonical, money, sum } from '../money.ts';
import { PersistentMap } from '../persistent-map.ts';
import { Cost, PriceUsed } from './call-events.ts';
import { Limit } from './limit-events.ts';
import { limitKey } from './limits.ts';
import { Past, TakenLot } from './lot-events.ts';
import type { Lot } from './lots.ts';
import type { Hold, Swept, Wallet } from './wallet.ts';
import { emptyWallet, entriesOfHold, entriesOfLot, inOrder, lotsIn, termsOf } from './wallet.ts';

const Index = z.int().nonnegative();

/** In burn order. */
const LotEntry = z.tuple([
  Uuid, // id
  Asset,
  CreditKind,
  z.int(), // priority
  Instant, // effective
  Instant.nullable(), // expires
  z.array(z.string()).nullable(), // scope
  Past,
  z.int(), // sequence
  z.enum(['expired', 'revoked']).nullable(), // ended
  Amount, // free
  Amount, // held
]);

/** A lot's place in the list (null: the overdraft), kind, amount. */
const PartEntry = z.tuple([Index.nullable(), CreditKind, Amount]);

/** Texts and terms are named by their place in the book's lists. */
const callEntry = [
  Uuid, // call
  Index, // member
  Index, // API key
  z.string(), // request
  Index, // terms: model and price
  Asset,
  Amount, // tokens
  Instant, // reserved at
  z.array(Index), // limits
] as const;
/** A cost's upstream, currency, amount. */
const CostEntry = z.tuple([Index, Currency, Amount]);
const HoldEntry = z.tuple([
  ...callEntry,
  Index, // process
  z.int().nonnegative(), // most output
  z.array(PartEntry),
  // What it may cost us. Left out where nobody said, as it was before anybody did.
  CostEntry.optional(),
]);
const SweptEntry = z.tuple([
  ...callEntry,
  Amount, // held
  Amount, // charge
  Amount, // overrun
  Instant, // swept at
  z.array(Cost),
  z.array(TakenLot),
  // Left out where there are none, as it was before there were any: older hashes stay what they are.
  z.array(CostEntry).optional(),
]);

type CallPart = [string, number, number, string, number, Asset, Amount, Instant, number[]];
type HoldPart = [...CallPart, number, number, z.infer<typeof PartEntry>[]];
type SweptPart = [...CallPart, string, string, string, Instant, Cost[], TakenLot[]];
type CallEntry = readonly [...CallPart, ...unknown[]];

export const WalletBook = z
  .object({
    walletId: Uuid,
    owner: z.object({ type: z.literal('member'), id: Uuid }),
    currency: Currency,
    previous: z.string().nullable().describe('hash of the book before; null in the first one'),
    frozen: z.boolean(),
    owed: Amount.describe('`receivable`: debts, and what open holds have drawn of the overdraft'),
    overdrawn: Amount.describe('the part of it that is held'),
    grants: z.int().nonnegative().describe('how many lots there ever were'),
    texts: z.array(z.string()).describe('what entries name by its place here'),
    terms: z.array(z.tuple([Index, PriceUsed])).describe('models and prices, by their place too'),
    lots: z.array(LotEntry).describe('in burn order'),
    holds: z.array(HoldEntry),
    swept: z.array(SweptEntry).describe('holds that were swept, as long as they are remembered'),
    limits: z.array(Limit),
    counters: z
      .array(z.tuple([z.string(), z.string(), Amount]))
      .describe('limit, window, and what is used of it'),
  })
  .describe('a whole wallet as plain data: what one stream hands to the next, and snapshots keep');
export type WalletBook = z.infer<typeof WalletBook>;

/** The state as plain data, in an order that depends on nothing but the state; null for no wallet. */
export function toBook(wallet: Wallet): WalletBook | null {
  if (!wallet.opened) return null;
  const lots = lotsIn(wallet);
  const entries = entryWriter(new Map(lots.map(({ id }, place) => [id, place])));
  return {
    ...wallet.opened,
    previous: wallet.previous,
    frozen: wallet.frozen,
    owed: canonical(wallet.owed),
    overdrawn: canonical(wallet.overdrawn),
    grants: wallet.grants,
    lots: lots.map(lotEntry),
    holds: [...inOrder(wallet.holds.entries())].map(([, hold]) => entries.hold(hold)),
    swept: [...wallet.swept.values()].map(entries.swept),
    limits: [...inOrder(wallet.limits)].map(([, limit]) => limit),
    counters: [...inOrder(wallet.counters)].map(([key, { window, used }]) => [
      key,
      window,
      canonical(used),
    ]),
    texts: entries.texts,
    terms: entries.terms,
  };
}

/** Writes calls as entries, and collects what those name by its place; `places` are those of lots. */
function entryWriter(places: ReadonlyMap<string, number>) {
  const texts = namer<string>((text) => text);
  const terms = namer<[number, PriceUsed]>(([model, price]) => JSON.stringify([model, price]));

  const callPart = ({ call, price, asset, tokens, at, limits }: Hold | Swept): CallPart => [
    call.callId,
    texts.place(call.memberId),
    texts.place(call.apiKeyId),
    call.requestId,
    terms.place([texts.place(call.model), price]),
    asset,
    canonical(tokens),
    at,
    limits.map(texts.place),
  ];
  const cost = ({ upstream, asset, amount }: Cost): z.infer<typeof CostEntry> => [
    texts.place(upstream),
    asset,
    amount,
  ];

  return {
    texts: texts.all,
    terms: terms.all,
    hold(hold: Hold): z.infer<typeof HoldEntry> {
      const known: HoldPart = [
        ...callPart(hold),
        texts.place(hold.processId),
        hold.maxOutput,
        hold.parts.map(
          ({ lotId, kind, amount }): z.infer<typeof PartEntry> => [
            lotId === null ? null : (places.get(lotId) ?? null),
            kind,
            canonical(amount),
          ],
        ),
      ];
      return hold.mayCost ? [...known, cost(hold.mayCost)] : known;
    },
    swept(swept: Swept): z.infer<typeof SweptEntry> {
      const known: SweptPart = [
        ...callPart(swept),
        canonical(swept.amount),
        canonical(swept.charge),
        canonical(swept.overrun),
        swept.sweptAt,
        [...swept.suspense],
        [...swept.taken],
      ];
      return swept.booked.length === 0 ? known : [...known, swept.booked.map(cost)];
    },
  };
}

/** The state that a book was made from, less the stream it stands in. */
export function fromBook(book: WalletBook): Wallet {
  const { walletId, owner, currency } = book;
  const lots = book.lots.map(toLot);
  const entries = entryReader(book, lots);
  const holds = book.holds.map(entries.hold);
  const swept = book.swept.map(entries.swept);
  const byId = PersistentMap.of(lots.map((lot) => [lot.id, lot]));
  return {
    ...emptyWallet,
    opened: { walletId, owner, currency },
    previous: book.previous,
    frozen: book.frozen,
    owed: money(book.owed),
    overdrawn: money(book.overdrawn),
    grants: book.grants,
    lots: byId,
    burn: lots.map(({ id }) => id),
    holds: PersistentMap.of(holds.map((hold) => [hold.call.callId, hold])),
    openByKey: PersistentMap.of(countBy(holds, ({ call }) => call.apiKeyId)),
    terms: PersistentMap.of(countBy(holds, termsOf)),
    swept: new Map(swept.map((each) => [each.call.callId, each])),
    limits: new Map(book.limits.map((limit) => [limitKey(limit), limit])),
    counters: new Map(
      book.counters.map(([key, window, used]) => [key, { window, used: money(used) }]),
    ),
    entries: entriesOf(holds, byId),
  };
}

/** Reads entries as the calls that they were. */
function entryReader({ texts, terms }: WalletBook, lots: readonly Lot[]) {
  const callOf = ([callId, member, key, requestId, term, asset, tokens, at, limits]: CallEntry) => {
    const [model, price] = named(terms, term);
    return {
      call: {
        callId,
        memberId: named(texts, member),
        apiKeyId: named(texts, key),
        requestId,
        model: named(texts, model),
      },
      price,
      asset,
      tokens: money(tokens),
      at,
      limits: limits.map((limit) => named(texts, limit)),
    };
  };
  const costOf = ([upstream, asset, amount]: z.infer<typeof CostEntry>): Cost => ({
    upstream: named(texts, upstream),
    asset,
    amount,
  });

  return {
    hold(entry: z.infer<typeof HoldEntry>): Hold {
      const [, , , , , , , , , process, maxOutput, taken, mayCost] = entry;
      const parts = taken.map(([place, kind, amount]) => ({
        lotId: place === null ? null : named(lots, place).id,
        kind,
        amount: money(amount),
      }));
      return {
        ...callOf(entry),
        processId: named(texts, process),
        maxOutput,
        mayCost: mayCost && costOf(mayCost),
        parts,
        amount: sum(parts.map(({ amount }) => amount)),
      };
    },
    swept(entry: z.infer<typeof SweptEntry>): Swept {
      const [, , , , , , , , , amount, charge, overrun, sweptAt, suspense, taken, booked = []] =
        entry;
      const call = callOf(entry);
      return {
        ...call,
        terms: termsOf(call),
        amount: money(amount),
        charge: money(charge),
        overrun: money(overrun),
        sweptAt,
        suspense,
        taken,
        booked: booked.map(costOf),
      };
    },
  };
}

const entriesOf = (holds: readonly Hold[], lots: Wallet['lots']): number =>
  lots.values().reduce((total, lot) => total + entriesOfLot(lot), 0) +
  holds.reduce((total, hold) => total + entriesOfHold(hold, { lots }), 0);

const lotEntry = (lot: Lot): z.infer<typeof LotEntry> => [
  lot.id,
  lot.asset,
  lot.kind,
  lot.priority,
  lot.effectiveAt,
  lot.expiresAt,
  lot.scope && [...lot.scope],
  lot.past,
  lot.sequence,
  lot.ended,
  canonical(lot.free),
  canonical(lot.held),
];

const toLot = ([
  id,
  asset,
  kind,
  priority,
  effectiveAt,
  expiresAt,
  scope,
  past,
  sequence,
  ended,
  free,
  held,
]: z.infer<typeof LotEntry>): Lot => ({
  id,
  asset,
  kind,
  priority,
  effectiveAt,
  expiresAt,
  scope,
  past,
  sequence,
  ended,
  free: money(free),
  held: money(held),
});

/** Gives each different value a place in a list, in the order in which they come. */
function namer<Value>(nameOf: (value: Value) => string) {
  const places = new Map<string, number>();
  const all: Value[] = [];
  return {
    all,
    place(value: Value): number {
      const name = nameOf(value);
      const known = places.get(name);
      if (known !== undefined) return known;
      places.set(name, all.length);
      all.push(value);
      return all.length - 1;
    },
  };
}

function named<Value>(list: readonly Value[], place: number): Value {
  const value = list[place];
  if (value === undefined) throw new RangeError(`The book has no entry ${place}.`);
  return value;
}

function countBy<Value>(values: readonly Value[], keyOf: (value: Value) => string) {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(keyOf(value), (counts.get(keyOf(value)) ?? 0) + 1);
  return counts;
}

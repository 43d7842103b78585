import { z } from 'zod';
import type { Decimal } from './money.ts';
import { Amount, canonical, money, zero } from './money.ts';

export const UnitAsset = z.enum(['requests', 'tokens', 'characters']);
export type UnitAsset = z.infer<typeof UnitAsset>;
export const Currency = z
  .string()
  .regex(/^[A-Z]{3}$/, 'a currency in three capital letters, e.g. `CNY`');
/** A currency (`CNY`) or a unit (`requests`, `tokens`, `characters`). */
export const Asset = z.union(
  [UnitAsset, Currency],
  'a currency (`CNY`), or `requests`, `tokens` or `characters`',
);
export type Asset = z.infer<typeof Asset>;

const units: ReadonlySet<string> = new Set(UnitAsset.options);
export const isUnit = (asset: Asset): asset is UnitAsset => units.has(asset);

export const Leg = z
  .object({ account: z.string(), asset: Asset, amount: Amount })
  .describe('one line of a journal entry, debit positive; those of an event sum to zero');
export type Leg = z.infer<typeof Leg>;

export const CreditKind = z.enum(['paid', 'plan', 'promo', 'compensation']);
export type CreditKind = z.infer<typeof CreditKind>;

/** The chart of accounts: no other file names one. Legs on liabilities and income are negative where they grow. */
export const account = {
  credit: (walletId: string, kind: CreditKind) => `credit:${walletId}:${kind}`,
  hold: (walletId: string, kind: CreditKind) => `hold:${walletId}:${kind}`,
  units: (asset: UnitAsset) => `units:${asset}`,
  receivable: (walletId: string) => `receivable:${walletId}`,
  cogs: (upstream: string) => `cogs:llm:${upstream}`,
  payable: (upstream: string) => `payable:llm:${upstream}`,
  deferredCredit: 'deferred:credit',
  deferredSubscription: 'deferred:subscription',
  promoExpense: 'promo:expense',
  compensationExpense: 'compensation:expense',
  revenueUsage: 'revenue:usage',
  breakage: 'breakage',
  refunds: 'refunds',
  writeoff: 'writeoff',
  suspense: 'suspense',
} as const;

/** The debit of a grant: where the value of a lot comes from. */
export function grantSource(kind: CreditKind, asset: Asset): string {
  if (isUnit(asset)) return account.units(asset);
  switch (kind) {
    case 'paid':
      return account.deferredCredit;
    case 'plan':
      return account.deferredSubscription;
    case 'promo':
      return account.promoExpense;
    case 'compensation':
      return account.compensationExpense;
  }
}

/** Where a lot's unused part goes when it expires. */
export function expiryTarget(kind: CreditKind, asset: Asset): string {
  if (isUnit(asset)) return account.units(asset);
  switch (kind) {
    case 'paid':
    case 'plan':
      return account.breakage;
    case 'promo':
      return account.promoExpense;
    case 'compensation':
      return account.compensationExpense;
  }
}

/** Where what a call consumed is earned. */
export const earnedAt = (asset: Asset): string =>
  isUnit(asset) ? account.units(asset) : account.revenueUsage;

/** A balanced entry: amounts of one account and asset are added, empty legs dropped. */
export function entry(lines: readonly { account: string; asset: Asset; amount: Decimal }[]): Leg[] {
  const totals = new Map<string, { account: string; asset: Asset; amount: Decimal }>();
  for (const line of lines) {
    const key = `${line.account} ${line.asset}`;
    const amount = (totals.get(key)?.amount ?? zero).plus(line.amount);
    totals.set(key, { account: line.account, asset: line.asset, amount });
  }
  return [...totals.values()]
    .filter(({ amount }) => !amount.isZero())
    .map(({ account: name, asset, amount }) => ({
      account: name,
      asset,
      amount: canonical(amount),
    }));
}

/** The sum of an entry's legs, by asset; every one must be zero (I1). */
export function imbalance(legs: readonly Leg[]): ReadonlyMap<Asset, Decimal> {
  const totals = new Map<Asset, Decimal>();
  for (const leg of legs)
    totals.set(leg.asset, (totals.get(leg.asset) ?? zero).plus(money(leg.amount)));
  for (const [asset, total] of totals) if (total.isZero()) totals.delete(asset);
  return totals;
}

import type { Asset, CreditKind } from '../accounts.ts';
import type { Instant } from '../ids.ts';
import type { Decimal } from '../money.ts';
import { least, sum } from '../money.ts';
import type { Past } from './lot-events.ts';

/** One grant of one asset, and what is left of it. */
export interface Lot {
  readonly id: string;
  readonly asset: Asset;
  readonly kind: CreditKind;
  readonly priority: number;
  readonly effectiveAt: Instant;
  readonly expiresAt: Instant | null;
  readonly scope: readonly string[] | null;
  readonly past: Past;
  /** Place in the order of grants: the age. */
  readonly sequence: number;
  /** Its end is written down: what returns to it goes where the rest went. */
  readonly ended: 'expired' | 'revoked' | null;
  /** Neither consumed nor held. */
  readonly free: Decimal;
  readonly held: Decimal;
}

const kindOrder: Readonly<Record<CreditKind, number>> = {
  plan: 0,
  promo: 1,
  compensation: 2,
  paid: 3,
};
const never = '9999';

/** Priority, then expiry (none last), then kind, then age, then id: which lot burns first. */
export function burnOrder(a: Lot, b: Lot): number {
  return (
    a.priority - b.priority ||
    textOrder(a.expiresAt ?? never, b.expiresAt ?? never) ||
    kindOrder[a.kind] - kindOrder[b.kind] ||
    a.sequence - b.sequence ||
    textOrder(a.id, b.id)
  );
}

function textOrder(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

export const isExpired = (lot: Pick<Lot, 'expiresAt'>, at: Instant): boolean =>
  lot.expiresAt !== null && lot.expiresAt <= at;

/** Begun, neither expired nor ended: a call may draw on it now, if its scope has the model. */
export const isLive = (lot: Lot, at: Instant): boolean =>
  lot.ended === null && lot.effectiveAt <= at && !isExpired(lot, at);

/** The lots a call for this model may draw on now, of lots that are in burn order. */
export const usableLots = (
  lots: readonly Lot[],
  { asset, model, at }: { asset: Asset; model: string; at: Instant },
): readonly Lot[] =>
  lots.filter(
    (lot) =>
      lot.asset === asset && isLive(lot, at) && (lot.scope === null || lot.scope.includes(model)),
  );

export const freeOf = (lots: readonly Lot[]): Decimal => sum(lots.map(({ free }) => free));
export const heldOf = (lots: readonly Lot[]): Decimal => sum(lots.map(({ held }) => held));

/** A part of a lot that is, or was, held for a call; a null lot is the overdraft. */
export interface HeldPart {
  readonly lotId: string | null;
  readonly kind: CreditKind;
  readonly amount: Decimal;
}

/** Takes `amount` from lots in the order given; what they lack is left over. */
export function allocate(
  lots: readonly Lot[],
  amount: Decimal,
): { readonly parts: readonly HeldPart[]; readonly lacking: Decimal } {
  const parts: HeldPart[] = [];
  let wanted = amount;
  for (const { id, kind, free } of lots) {
    if (wanted.isZero()) break;
    const part = least(free, wanted);
    if (part.isZero()) continue;
    parts.push({ lotId: id, kind, amount: part });
    wanted = wanted.minus(part);
  }
  return { parts, lacking: wanted };
}

export interface ConsumedPart extends HeldPart {
  readonly taken: Decimal;
  readonly rest: Decimal;
}

/** Consumes `amount` of held parts in their order; says what each gives and what goes back. */
export function consume(parts: readonly HeldPart[], amount: Decimal): readonly ConsumedPart[] {
  let wanted = amount;
  return parts.map((part) => {
    const taken = least(part.amount, wanted);
    wanted = wanted.minus(taken);
    return { ...part, taken, rest: part.amount.minus(taken) };
  });
}

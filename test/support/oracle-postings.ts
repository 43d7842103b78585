import type { RejectionCode } from '../../src/domain/rejection.ts';
import type { Ledger, OracleLot, OraclePart } from './oracle-ledger.ts';
import {
  debtOf,
  freeIn,
  isOver,
  isUnits,
  paying,
  smaller,
  takeFrom,
  total,
  written,
} from './oracle-ledger.ts';

export class Refused extends Error {
  readonly code: RejectionCode;

  constructor(code: RejectionCode) {
    super(code);
    this.code = code;
  }
}

export function refuse(code: RejectionCode): never {
  throw new Refused(code);
}

export const opened = ({ opened: facts }: Ledger) => facts ?? refuse('wallet_not_found');

export function post(ledger: Ledger, account: string, asset: string, amount: bigint): void {
  ledger.postings.push({ account, asset, amount });
}

export const credit = (ledger: Ledger, kind: string): string =>
  `credit:${opened(ledger).walletId}:${kind}`;
export const hold = (ledger: Ledger, kind: string): string =>
  `hold:${opened(ledger).walletId}:${kind}`;
export const receivable = (ledger: Ledger): string => `receivable:${opened(ledger).walletId}`;

const sources: Readonly<Record<string, string>> = {
  paid: 'deferred:credit',
  plan: 'deferred:subscription',
  promo: 'promo:expense',
  compensation: 'compensation:expense',
};
const ends: Readonly<Record<string, string>> = { ...sources, paid: 'breakage', plan: 'breakage' };

export const sourceOf = (kind: string, asset: string): string =>
  isUnits(asset) ? `units:${asset}` : (sources[kind] ?? '');
export const earnedAt = (asset: string): string =>
  isUnits(asset) ? `units:${asset}` : 'revenue:usage';

/** Ends a lot: what is free of it goes, or, of one that has ended before, what came back. */
export function end(ledger: Ledger, lot: OracleLot, how: 'expired' | 'revoked'): void {
  const amount = freeIn(lot);
  const { id, kind, asset } = lot;
  lot.ended ??= how;
  lot.moves.push({ free: -amount, held: 0n });
  const type = how === 'expired' ? 'CreditExpired' : 'CreditRevoked';
  ledger.effects.push(`${type} ${id} ${written(amount)}`);
  const endsAt = isUnits(asset) ? `units:${asset}` : (ends[kind] ?? '');
  post(ledger, credit(ledger, kind), asset, amount);
  post(ledger, how === 'expired' ? endsAt : sourceOf(kind, asset), asset, -amount);
}

/** What came back to lots that have ended, or whose time is over, goes their way. */
export function lapse(ledger: Ledger, returned: readonly OraclePart[], at: string): void {
  for (const { lot, amount } of returned) {
    if (!lot || amount === 0n) continue;
    if (lot.ended !== null) end(ledger, lot, lot.ended);
    else if (isOver(lot, at)) end(ledger, lot, 'expired');
  }
}

/** Pays debts from paid money that no call holds. */
export function payDebts(ledger: Ledger, at: string): void {
  const debt = debtOf(ledger);
  const lots = paying(ledger, at);
  const amount = smaller(debt, total(lots.map(freeIn)));
  if (amount <= 0n) return;
  const asset = opened(ledger).currency;
  const parts = takeFrom(lots, amount);
  for (const { lot, amount: part } of parts) lot?.moves.push({ free: -part, held: 0n });
  ledger.debts.push(-amount);
  const from = parts.map((part) => `${part.lot?.id}=${written(part.amount)}`);
  ledger.effects.push(`DebtPaid ${written(amount)} ${from.join()}`);
  post(ledger, credit(ledger, 'paid'), asset, amount);
  post(ledger, receivable(ledger), asset, -amount);
}

const month = 30 * 24 * 60 * 60 * 1000;
/** What is given back lasts as long as what was taken, and a month at least. */
export function lasting(until: string | null, at: string): string | null {
  if (until === null) return null;
  const least = new Date(Date.parse(at) + month).toISOString();
  return until > least ? until : least;
}

import { z } from 'zod';
import type { Asset } from '../domain/accounts.ts';
import type { Instant } from '../domain/ids.ts';
import { Uuid } from '../domain/ids.ts';
import { canonical, money, opposite, sum as total } from '../domain/money.ts';
import type { NewLot } from '../domain/wallet/lot-events.ts';
import type { RowOf } from './projection.ts';
import { first, projection, sum } from './projection.ts';
import { query } from './query.ts';

const key = { lot_id: 'uuid' } as const;
const columns = {
  wallet_id: first('uuid'),
  asset: first('text'),
  kind: first('text', '`paid`, `plan`, `promo` or `compensation`'),
  priority: first('integer', 'lower burns first'),
  scope: first('jsonb', 'the aliases it may be spent on; null: all'),
  effective_at: first('timestamptz', 'from when it may be spent'),
  expires_at: first('timestamptz', 'null: never'),
  past: first('text', 'of an allowance that is used up: `block` calls, or `bill` them'),
  reason: first('text', 'why it was granted'),
  granted_at: first('timestamptz', 'when it was granted'),
  granted: sum('numeric', 'all that it ever had'),
  held: sum('numeric', 'what calls in flight hold of it'),
  consumed: sum('numeric', 'what calls and debts took of it'),
  expired: sum('numeric', 'what was left when its time was over'),
  revoked: sum('numeric', 'what was taken back'),
  ended_at: first('timestamptz', 'when its end was written down; null: not yet'),
};
type Row = RowOf<typeof key, typeof columns>;

export const lots = projection(
  'lots',
  {
    meaning:
      'One row a lot that was ever granted, and where it went: granted = consumed + held + expired + revoked + what is free.',
    group: 'finance',
    version: 2,
    key,
    columns,
    indexes: [
      '(wallet_id, granted_at DESC)',
      '(expires_at) WHERE granted > held + consumed + expired + revoked',
      `(expires_at) WHERE past = 'block' AND ended_at IS NULL`,
    ],
  },
  {
    CreditGranted: ({ data, meta }) => [
      {
        ...termsOf(data, data),
        effective_at: data.effectiveAt,
        past: data.past,
        reason: data.reason,
        granted_at: meta.recordedAt,
      },
    ],
    CreditReserved: ({ data }) => held(data.alloc),
    UsageSettled: ({ data }) => [
      ...consumed(data.consumed),
      ...noLongerHeld([...data.consumed, ...data.returned]),
    ],
    ReservationReleased: ({ data }) => noLongerHeld(data.returned),
    ReservationExpired: ({ data }) => noLongerHeld(data.returned),
    LateSettlementPosted: ({ data, meta }) => [
      ...consumed(data.consumed),
      ...data.lots.map((lot) => ({
        ...madeAt(data.at, meta.recordedAt),
        ...termsOf(lot, data),
        reason: 'late_settlement',
      })),
    ],
    UsageCorrected: ({ data, meta }) =>
      data.lots.map((lot) => ({
        ...madeAt(data.effectiveAt, meta.recordedAt),
        ...termsOf(lot, data),
        reason: data.reason,
      })),
    DebtPaid: ({ data }) => consumed(data.consumed),
    CreditExpired: ({ data, meta }) => [
      { lot_id: data.lotId, expired: data.amount, ended_at: meta.recordedAt },
    ],
    CreditRevoked: ({ data, meta }) => [
      { lot_id: data.lotId, revoked: data.amount, ended_at: meta.recordedAt },
    ],
  },
);

const termsOf = (
  { lotId, kind, priority, expiresAt, scope, amount }: NewLot,
  { walletId, asset }: { readonly walletId: string; readonly asset: Asset },
): Row => ({
  lot_id: lotId,
  wallet_id: walletId,
  asset,
  kind,
  priority,
  scope,
  expires_at: expiresAt,
  granted: amount,
});

const madeAt = (effectiveAt: Instant, recordedAt: Instant) => ({
  effective_at: effectiveAt,
  granted_at: recordedAt,
  past: 'bill',
});

type Parts = readonly { readonly lotId: string | null; readonly amount: string }[];

/** By lot: one event may say several parts of one; the overdraft is no lot. */
function byLot(parts: Parts): readonly (readonly [string, string])[] {
  const [only, ...others] = parts;
  if (only && others.length === 0) return only.lotId === null ? [] : [[only.lotId, only.amount]];
  const grouped = Map.groupBy(parts, ({ lotId }) => lotId);
  return [...grouped].flatMap(([lotId, of]): [string, string][] =>
    lotId === null ? [] : [[lotId, totalOf(of)]],
  );
}

function totalOf(parts: Parts): string {
  const [only, ...others] = parts;
  if (only && others.length === 0) return only.amount;
  return canonical(total(parts.map(({ amount }) => money(amount))));
}

const held = (parts: Parts): readonly Row[] =>
  byLot(parts).map(([lotId, amount]) => ({ lot_id: lotId, held: amount }));
const noLongerHeld = (parts: Parts): readonly Row[] =>
  byLot(parts).map(([lotId, amount]) => ({
    lot_id: lotId,
    held: opposite(amount),
  }));
const consumed = (parts: Parts): readonly Row[] =>
  byLot(parts).map(([lotId, amount]) => ({ lot_id: lotId, consumed: amount }));

/**
 * Wallets with lots whose time is over and of which something is free still, or that were to block: an
 * allowance that is used up goes on blocking, and takes room in the wallet, until its end is written.
 */
export const walletsToExpire = (at: Instant, most: number) =>
  query(z.object({ wallet_id: Uuid }))`
    SELECT wallet_id FROM read.lots
    WHERE granted > held + consumed + expired + revoked AND expires_at <= ${at}
    UNION
    SELECT wallet_id FROM read.lots
    WHERE past = 'block' AND ended_at IS NULL AND expires_at <= ${at}
    LIMIT ${most}`;

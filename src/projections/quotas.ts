import { z } from 'zod';
import type { Asset } from '../domain/accounts.ts';
import { isUnit, UnitAsset } from '../domain/accounts.ts';
import { Instant } from '../domain/ids.ts';
import { opposite } from '../domain/money.ts';
import type { LotPart } from '../domain/wallet/call-events.ts';
import type { NewLot } from '../domain/wallet/lot-events.ts';
import type { RowOf } from './projection.ts';
import { first, projection, sum } from './projection.ts';
import { query } from './query.ts';
import { Total } from './total.ts';

const key = { lot_id: 'uuid' } as const;
const columns = {
  wallet_id: first('uuid'),
  asset: first('text'),
  starts_at: first('timestamptz', `the period's beginning`),
  ends_at: first('timestamptz', `the period's end; null: without one`),
  granted: sum('numeric', 'what was granted, less what was revoked'),
  used: sum('numeric', 'what calls took'),
  held: sum('numeric', 'what calls in flight hold'),
};
type Row = RowOf<typeof key, typeof columns>;

export const quotas = projection(
  'quotas',
  {
    meaning:
      'One row a lot of units: an allowance, the period it is for, and what calls took of it.',
    group: 'finance',
    version: 1,
    key,
    columns,
    indexes: ['(wallet_id, ends_at)'],
  },
  {
    CreditGranted: ({ data }) => grantedIn(data, [{ ...data, starts_at: data.effectiveAt }]),
    CreditReserved: ({ data }) => changes(data.asset, data.alloc, (amount) => ({ held: amount })),
    UsageSettled: ({ data }) => [
      ...changes(data.asset, data.consumed, (amount) => ({ used: amount, held: less(amount) })),
      ...changes(data.asset, data.returned, (amount) => ({ held: less(amount) })),
    ],
    ReservationReleased: ({ data }) =>
      changes(data.asset, data.returned, (amount) => ({ held: less(amount) })),
    ReservationExpired: ({ data }) =>
      changes(data.asset, data.returned, (amount) => ({ held: less(amount) })),
    LateSettlementPosted: ({ data }) => [
      ...changes(data.asset, data.consumed, (amount) => ({ used: amount })),
      ...grantedIn(
        data,
        data.lots.map((lot) => ({ ...lot, starts_at: data.at })),
      ),
    ],
    UsageCorrected: ({ data }) =>
      grantedIn(
        data,
        data.lots.map((lot) => ({ ...lot, starts_at: data.effectiveAt })),
      ),
    // What was taken back was never there to be used.
    CreditRevoked: ({ data }) =>
      changes(data.asset, [data], (amount) => ({ granted: less(amount) })),
  },
);

type StartedLot = Pick<NewLot, 'lotId' | 'expiresAt' | 'amount'> & { readonly starts_at: Instant };

const grantedIn = (
  { walletId, asset }: { readonly walletId: string; readonly asset: Asset },
  lots: readonly StartedLot[],
): readonly Row[] =>
  isUnit(asset)
    ? lots.map(({ lotId, expiresAt, amount, starts_at }) => ({
        ...{ lot_id: lotId, wallet_id: walletId, asset, starts_at },
        ends_at: expiresAt,
        granted: amount,
      }))
    : [];

/** Money has no quota, and an overdraft, which has no lot, is money. */
const changes = (
  asset: Asset,
  parts: readonly LotPart[],
  changeBy: (amount: string) => Omit<Row, 'lot_id'>,
): readonly Row[] =>
  isUnit(asset)
    ? parts.flatMap(({ lotId, amount }) =>
        lotId === null ? [] : [{ lot_id: lotId, ...changeBy(amount) }],
      )
    : [];

const less = (amount: string): string => opposite(amount);

export const QuotaRow = z.object({
  asset: UnitAsset,
  period_start: Instant,
  /** Null: without an end. */
  period_end: Instant.nullable(),
  granted: Total,
  used: Total,
  /** By calls in flight. */
  held: Total,
  /** When what is left ends. */
  resets_at: Instant.nullable(),
});

/** The allowances of a wallet that are good at a moment, the next to end first. */
export const quotasOf = (walletId: string, at: Instant) =>
  query(QuotaRow)`
    SELECT asset, starts_at AS period_start, ends_at AS period_end,
           trim_scale(sum(granted))::text AS granted, trim_scale(sum(used))::text AS used,
           trim_scale(sum(held))::text AS held, ends_at AS resets_at
    FROM read.quotas
    WHERE wallet_id = ${walletId} AND starts_at <= ${at}::timestamptz AND granted > 0
      AND (ends_at > ${at}::timestamptz OR ends_at IS NULL AND granted > used)
    GROUP BY asset, starts_at, ends_at
    ORDER BY ends_at NULLS LAST, starts_at, asset`;

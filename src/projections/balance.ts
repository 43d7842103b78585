import { z } from 'zod';
import { Asset } from '../domain/accounts.ts';
import type { Recorded } from '../domain/events.ts';
import { opposite } from '../domain/money.ts';
import { streamOf } from '../domain/streams.ts';
import { legsOf, onEntries } from './legs.ts';
import { partitionOf } from './partition.ts';
import type { RowOf } from './projection.ts';
import { projection, sum } from './projection.ts';
import { query } from './query.ts';
import { Total } from './total.ts';

const key = { wallet_id: 'uuid', asset: 'text' } as const;
const columns = {
  posted: sum('numeric', 'granted and not yet consumed, expired or revoked; holds are part of it'),
  held: sum('numeric', 'what calls in flight hold of it'),
};
type Row = RowOf<typeof key, typeof columns>;

export const balance = projection(
  'balance',
  {
    meaning:
      'One row a wallet and asset: what it has, from the journal alone. Shown, never enforced.',
    group: 'finance',
    version: 1,
    key,
    columns,
  },
  {
    ...onEntries(moved),
    WalletPeriodOpened: ({ data: { walletId, currency } }) => [
      { wallet_id: walletId, asset: currency, posted: '0', held: '0' },
    ],
  },
);

/** What an event moves in wallets: `credit:` may be spent, `hold:` a call has reserved. */
function moved(event: Recorded): readonly Row[] {
  const rows: Row[] = [];
  for (const { account, asset, amount } of legsOf(event)) {
    const isHold = account.startsWith('hold:');
    if (!isHold && !account.startsWith('credit:')) continue;
    const [, walletId = ''] = account.split(':', 2);
    const owed = opposite(amount);
    const row = { wallet_id: walletId, asset, posted: owed };
    rows.push(isHold ? { ...row, held: owed } : row);
  }
  return rows;
}

const LookRow = z.object({
  /** Null: nothing is projected yet. */
  position: z.string().nullable(),
  asset: Asset.nullable(),
  posted: Total.nullable(),
  held: Total.nullable(),
});

/**
 * What a wallet had, and the position up to which that is all of it, in one look; one row without an
 * asset when it had nothing.
 */
export const balanceLookOf = (walletId: string) =>
  query(LookRow)`
    SELECT p.position::text AS position, b.asset, trim_scale(b.posted)::text AS posted,
           trim_scale(b.held)::text AS held
    FROM feed.builds AS s
    JOIN feed.positions AS p
      ON p.consumer = s.schema AND p.partition = ${String(partitionOf(streamOf.wallet(walletId)))}
    LEFT JOIN read.balance AS b ON b.wallet_id = ${walletId}
    WHERE s.projection = ${balance.name} AND s.state = 'shown'`;

const WalletRow = z.object({ wallet_id: z.string() });

/** Wallets by id, after one. */
export const listWallets = (after: string | null, limit: number) =>
  query(WalletRow)`
    SELECT DISTINCT wallet_id FROM read.balance
    WHERE wallet_id > ${after ?? '00000000-0000-0000-0000-000000000000'}
    ORDER BY wallet_id LIMIT ${limit}`;

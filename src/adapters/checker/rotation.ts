import type { DatabasePool } from 'slonik';
import { listWallets } from '../../projections/balance.ts';

export interface RotationParts {
  readonly pool: Pick<DatabasePool, 'any'>;
  readonly clock: () => Date;
  /** So many wallets at a time. */
  readonly most: number;
  readonly take: (walletId: string) => Promise<void>;
}

/** Goes round all wallets, a part at a time, and begins again when it is through. */
export function rotation({ pool, clock, most, take }: RotationParts) {
  let place: string | null = null;
  let completeAt: Date | null = null;
  return {
    /** When it was last through; null: never yet. */
    completeAt: () => completeAt,
    /** As many of the next wallets as there is time for; returns how many. */
    async go(mayGoOn: () => boolean): Promise<number> {
      const rows = await pool.any(listWallets(place, most));
      let done = 0;
      for (const { wallet_id: walletId } of rows) {
        if (!mayGoOn()) return done;
        await take(walletId);
        place = walletId;
        done += 1;
      }
      if (rows.length < most) {
        place = null;
        completeAt = clock();
      }
      return done;
    },
  };
}

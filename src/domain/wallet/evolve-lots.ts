import type { Asset } from '../accounts.ts';
import { isUnit } from '../accounts.ts';
import type { Instant } from '../ids.ts';
import type { Decimal } from '../money.ts';
import { money, zero } from '../money.ts';
import type { NewLot } from './lot-events.ts';
import type { Lot } from './lots.ts';
import { burnOrder } from './lots.ts';
import type { Wallet } from './wallet.ts';
import { entriesOfLot } from './wallet.ts';

interface LotChange {
  readonly lotId: string | null;
  readonly free?: Decimal;
  readonly held?: Decimal;
  readonly ended?: 'expired' | 'revoked';
}

/** Adds a lot behind those that burn before it. */
export function addLot(wallet: Wallet, lot: Omit<Lot, 'sequence' | 'ended' | 'held'>): Wallet {
  const added: Lot = { ...lot, sequence: wallet.grants, ended: null, held: zero };
  const { lots, burn } = wallet;
  const place = burn.findIndex((id) => {
    const other = lots.get(id);
    return other !== undefined && burnOrder(added, other) < 0;
  });
  return {
    ...wallet,
    lots: lots.set(lot.id, added),
    burn: burn.toSpliced(place === -1 ? burn.length : place, 0, lot.id),
    grants: wallet.grants + 1,
    entries: wallet.entries + entriesOfLot(lot),
  };
}

/** Adds lots that an event made from what had been charged. */
export const addNewLots = (
  wallet: Wallet,
  lots: readonly NewLot[],
  { asset, at }: { readonly asset: Asset; readonly at: Instant },
): Wallet =>
  lots.reduce((state, { lotId, amount, ...terms }) => {
    const lot = { ...terms, id: lotId, asset, effectiveAt: at, past: 'bill' as const };
    return addLot(state, { ...lot, free: money(amount) });
  }, wallet);

/** Applies changes, to the overdraft too, and forgets lots that nothing more can come of. */
export function changeLots(wallet: Wallet, changes: readonly LotChange[]): Wallet {
  let { lots, burn, entries, owed, overdrawn } = wallet;
  for (const { lotId, free = zero, held = zero, ended } of changes) {
    if (lotId === null) {
      // What is drawn is owed at once; what comes back reverses it.
      owed = owed.minus(free);
      overdrawn = overdrawn.plus(held);
      continue;
    }
    const lot = lots.get(lotId);
    if (!lot) continue;
    const changed: Lot = {
      ...lot,
      free: lot.free.plus(free),
      held: lot.held.plus(held),
      ended: lot.ended ?? ended ?? null,
    };
    if (isSpent(changed)) {
      lots = lots.delete(lotId);
      burn = burn.filter((id) => id !== lotId);
      entries -= entriesOfLot(lot);
    } else lots = lots.set(lotId, changed);
  }
  return { ...wallet, lots, burn, entries, owed, overdrawn };
}

/** An empty allowance that blocks goes on blocking until its end is written. */
const isSpent = ({ asset, past, ended, free, held }: Lot): boolean =>
  free.isZero() && held.isZero() && (ended !== null || past === 'bill' || !isUnit(asset));

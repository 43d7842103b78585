import { account, entry } from '../accounts.ts';
import type { Instant } from '../ids.ts';
import { canonical, least } from '../money.ts';
import type { WalletEvent } from './events.ts';
import { evolve } from './evolve.ts';
import { allocate, freeOf, isLive } from './lots.ts';
import type { Wallet } from './wallet.ts';
import { debtOf, lotsIn } from './wallet.ts';

/** Pays what is owed, as far as paid credit that is not held goes. */
export function payDebt(wallet: Wallet, at: Instant): readonly WalletEvent[] {
  const debt = debtOf(wallet);
  if (!(wallet.opened && debt.isPositive()) || debt.isZero()) return [];
  const { walletId, currency: asset } = wallet.opened;
  const lots = lotsIn(wallet).filter(
    (lot) => lot.kind === 'paid' && lot.asset === asset && isLive(lot, at),
  );
  const amount = least(debt, freeOf(lots));
  if (amount.isZero()) return [];
  const consumed = allocate(lots, amount).parts.flatMap(({ lotId, amount: part }) =>
    lotId === null ? [] : [{ lotId, amount: canonical(part) }],
  );
  const legs = entry([
    { account: account.credit(walletId, 'paid'), asset, amount },
    { account: account.receivable(walletId), asset, amount: amount.negated() },
  ]);
  const data = { walletId, asset, amount: canonical(amount), consumed, legs };
  return [{ type: 'DebtPaid', data }];
}

/** The same events, and in the same append what they let be paid. */
export function withDebtPaid(
  events: readonly WalletEvent[],
  wallet: Wallet,
  at: Instant,
): readonly WalletEvent[] {
  const mayOwe = !wallet.owed.isZero() || events.some(({ type }) => type === 'OverageAccrued');
  return mayOwe ? [...events, ...payDebt(events.reduce(evolve, wallet), at)] : events;
}

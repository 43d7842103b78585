import type { Asset, Leg } from '../accounts.ts';
import { account, entry, isUnit } from '../accounts.ts';
import type { Decimal } from '../money.ts';
import { canonical, zero } from '../money.ts';
import type { Treatment } from './call-events.ts';
import type { WalletEvent } from './events.ts';
import { correctedCounts, useOf } from './limits.ts';
import type { Hold } from './wallet.ts';

interface Overrun {
  readonly walletId: string;
  readonly of: Pick<Hold, 'call' | 'asset' | 'at' | 'limits'>;
  readonly amount: Decimal;
}

/**
 * Use beyond the hold: for money an expense or a debt against its revenue, for units a bare fact. What
 * is owed is spent, so that limits of money count it within the window of its call. It stays as it is
 * written down: only what an upstream says is beyond a hold, and that is final; our own counts end there.
 */
export function overage(
  { walletId, of: { call, asset, at, limits }, amount }: Overrun,
  overrun: Treatment,
): readonly WalletEvent[] {
  if (amount.isZero() || amount.isNegative()) return [];
  const treatment = isUnit(asset) ? 'absorbed' : overrun;
  const counted = treatment === 'owed' ? limits : [];
  const data = {
    walletId,
    callId: call.callId,
    asset,
    amount: canonical(amount),
    treatment,
    counted: correctedCounts(counted, {
      at,
      before: useOf(zero, asset, zero),
      now: useOf(zero, asset, amount),
    }),
    legs: overageLegs(walletId, asset, { amount, treatment }),
  };
  return [{ type: 'OverageAccrued', data }];
}

function overageLegs(
  walletId: string,
  asset: Asset,
  { amount, treatment }: { readonly amount: Decimal; readonly treatment: Treatment },
): Leg[] {
  if (isUnit(asset)) return [];
  const debit = treatment === 'owed' ? account.receivable(walletId) : account.writeoff;
  return entry([
    { account: debit, asset, amount },
    { account: account.revenueUsage, asset, amount: amount.negated() },
  ]);
}

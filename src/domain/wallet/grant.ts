import { account, entry, grantSource, isUnit } from '../accounts.ts';
import { canonical } from '../money.ts';
import { Rejection } from '../rejection.ts';
import type { GrantCredit, Opening } from './commands.ts';
import type { WalletEvent } from './events.ts';
import type { Wallet } from './wallet.ts';
import { refuseFull } from './wallet.ts';

/** Opens a wallet for its owner, once. */
export function open(
  { walletId, memberId, currency }: Opening,
  wallet: Wallet,
): readonly WalletEvent[] {
  if (wallet.opened) return [];
  const data = { walletId, owner: { type: 'member' as const, id: memberId }, currency };
  return [{ type: 'WalletPeriodOpened', data }];
}

/** Adds a lot; the same lot granted again changes nothing. */
export function grant(command: GrantCredit, wallet: Wallet): readonly WalletEvent[] {
  const { walletId, lotId, asset, amount, kind } = command;
  if (wallet.lots.has(lotId)) return [];
  if (!amount.isPositive() || amount.isZero()) {
    throw new Rejection('invalid_amount', 'A grant must be more than nothing.');
  }
  if (isUnit(asset) && !amount.isInteger()) {
    throw new Rejection('invalid_amount', 'Units are granted whole.');
  }
  if (command.expiresAt !== null && command.expiresAt <= command.at) {
    throw new Rejection('invalid_expiry', 'A grant must not have expired already.');
  }
  if (!isUnit(asset) && asset !== (wallet.opened ?? command).currency) {
    throw new Rejection('currency_mismatch', 'The wallet has another currency.');
  }
  refuseFull(wallet);
  const legs = entry([
    { account: grantSource(kind, asset), asset, amount },
    { account: account.credit(walletId, kind), asset, amount: amount.negated() },
  ]);
  const granted: WalletEvent = {
    type: 'CreditGranted',
    data: {
      walletId,
      lotId,
      asset,
      amount: canonical(amount),
      kind,
      priority: command.priority,
      effectiveAt: command.at,
      expiresAt: command.expiresAt,
      scope: command.scope ? [...command.scope] : null,
      reason: command.reason,
      legs,
    },
  };
  return [...open(command, wallet), granted];
}

import { account, entry, grantSource, isUnit } from '../accounts.ts';
import { canonical } from '../money.ts';
import { Rejection } from '../rejection.ts';
import type { GrantCredit, Opening } from './commands.ts';
import { withDebtPaid } from './debt.ts';
import type { WalletEvent } from './events.ts';
import type { Wallet } from './wallet.ts';
import { entriesOfLot, refuseFull } from './wallet.ts';

/** Opens a wallet for its owner, once. */
export function open(
  { walletId, memberId, currency }: Opening,
  wallet: Wallet,
): readonly WalletEvent[] {
  if (wallet.opened) return [];
  const owner = { type: 'member' as const, id: memberId };
  const data = { walletId, owner, currency, state: null, hash: null };
  return [{ type: 'WalletPeriodOpened', data }];
}

/** Adds a lot, and pays what is owed; the same lot granted again changes nothing. */
export function grant(command: GrantCredit, wallet: Wallet): readonly WalletEvent[] {
  const { walletId, lotId, asset, amount, kind, scope } = command;
  if (wallet.lots.has(lotId)) return [];
  refuseUnusable(command, wallet);
  refuseFull(wallet, entriesOfLot({ scope }), command.at);
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
      effectiveAt: command.effectiveAt ?? command.at,
      expiresAt: command.expiresAt,
      scope: scope ? [...scope] : null,
      past: command.past,
      reason: command.reason,
      legs,
    },
  };
  return withDebtPaid([...open(command, wallet), granted], wallet, command.at);
}

function refuseUnusable(command: GrantCredit, { opened }: Wallet): void {
  const { asset, amount } = command;
  if (!amount.isPositive() || amount.isZero()) {
    throw new Rejection('invalid_amount', 'A grant must be more than nothing.', {
      why: 'grant_not_positive',
    });
  }
  if (isUnit(asset) && !amount.isInteger()) {
    throw new Rejection('invalid_amount', 'Units are granted whole.', { why: 'units_not_whole' });
  }
  if (!isBeforeItsEnd(command)) {
    throw new Rejection('invalid_expiry', 'A grant must expire after it begins, in the future.');
  }
  const { currency } = opened ?? command;
  if (!isUnit(asset) && asset !== currency) {
    throw new Rejection('currency_mismatch', 'The wallet has another currency.', {
      why: 'wallet_currency',
      values: { currency },
    });
  }
  if (!isUnit(asset) && command.past === 'block') {
    throw new Rejection('invalid_limit', 'Only an allowance of units can block.', {
      why: 'units_only_block',
    });
  }
}

const isBeforeItsEnd = ({ at, effectiveAt, expiresAt }: GrantCredit): boolean =>
  expiresAt === null || (expiresAt > at && expiresAt > (effectiveAt ?? at));

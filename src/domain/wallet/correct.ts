import { account, earnedAt, entry, isUnit } from '../accounts.ts';
import { nameId } from '../ids.ts';
import { canonical, least, money, sum } from '../money.ts';
import { Rejection } from '../rejection.ts';
import { ChargeChanged } from './charged.ts';
import type { CorrectUsage } from './commands.ts';
import { withDebtPaid } from './debt.ts';
import type { WalletEvent } from './events.ts';
import { lastsAtLeast } from './late.ts';
import type { NewLot } from './lot-events.ts';
import { openedOr404 } from './settings.ts';
import type { Wallet } from './wallet.ts';
import { entriesOfLot, refuseFull } from './wallet.ts';

/**
 * Gives a part of a charge back as new credit of the same kind and scope, the last taken first. If the call
 * was swept and still says that less was consumed, it is given back only what this has not; what it has said since somebody looked is found out here.
 */
export function correct(command: CorrectUsage, wallet: Wallet): readonly WalletEvent[] {
  const { walletId } = openedOr404(wallet);
  const { eventId, callId, memberId, model, asset, amount, charged, reason, approver, at } =
    command;
  if (command.mayChange && !wallet.swept.has(callId)) throw new ChargeChanged(eventId);
  if (!amount.isPositive() || amount.isZero() || (isUnit(asset) && !amount.isInteger())) {
    throw new Rejection('invalid_amount', 'A correction gives something back.', {
      why: 'correction_not_positive',
    });
  }
  const taken = sum(charged.map((part) => part.amount));
  if (amount.gt(taken)) {
    throw new Rejection('invalid_amount', 'No more than was charged can be given back.', {
      why: 'correction_beyond_charge',
      values: { charged: canonical(taken), asset },
    });
  }
  const lots = lotsOf(command);
  if (lots.some(({ lotId }) => wallet.lots.has(lotId))) return [];
  refuseFull(
    wallet,
    lots.reduce((total, lot) => total + entriesOfLot(lot), 0),
    at,
  );
  const given = isUnit(asset) ? earnedAt(asset) : account.refunds;
  const legs = entry([
    { account: given, asset, amount },
    ...lots.map((lot) => ({
      account: account.credit(walletId, lot.kind),
      asset,
      amount: money(lot.amount).negated(),
    })),
  ]);
  const data = {
    walletId,
    eventId,
    callId,
    memberId,
    model,
    asset,
    amount: canonical(amount),
    lots,
    effectiveAt: at,
    reason,
    approver,
    legs,
  };
  return withDebtPaid([{ type: 'UsageCorrected', data }], wallet, at);
}

function lotsOf({ eventId, charged, amount, at }: CorrectUsage): NewLot[] {
  let left = amount;
  return charged.toReversed().flatMap((part, index): readonly NewLot[] => {
    const given = least(left, part.amount);
    left = left.minus(given);
    if (given.isZero()) return [];
    const { kind, priority, scope } = part;
    return [
      {
        lotId: nameId(`correction/${eventId}/${index}`),
        kind,
        priority,
        scope: scope && [...scope],
        expiresAt: lastsAtLeast(part.expiresAt, at),
        amount: canonical(given),
      },
    ];
  });
}

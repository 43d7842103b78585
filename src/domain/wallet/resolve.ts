import type { Asset } from '../accounts.ts';
import { account, earnedAt, entry, expiryTarget, isUnit } from '../accounts.ts';
import type { Instant } from '../ids.ts';
import { canonical, Decimal, least, zero } from '../money.ts';
import { rate } from '../price-list/rating.ts';
import type { Usage } from '../price-list/usage.ts';
import { tokensOf } from '../price-list/usage.ts';
import type { Ending, ExpireHold, ReleaseHold, SettleUsage } from './commands.ts';
import type { WalletEvent } from './events.ts';
import { consume, isExpired } from './lots.ts';
import type { Hold, Wallet } from './wallet.ts';

/** Charges what a call consumed, never more than its hold; a hold that is gone decides nothing. */
export function settle(command: SettleUsage, wallet: Wallet): readonly WalletEvent[] {
  const open = openHold(command.callId, wallet);
  if (!open) return [];
  const { hold, walletId } = open;
  const used = costOf(command.usage, hold);
  const charge = least(used, hold.amount);
  const { parts, legs } = close(hold, walletId, charge);
  const settled: WalletEvent = {
    type: 'UsageSettled',
    data: {
      ...endedCall(open, command.ending),
      basis: command.basis,
      usage: command.usage,
      price: hold.price,
      charge: canonical(charge),
      consumed: amounts(parts.map(({ lotId, taken }) => ({ lotId, amount: taken }))),
      returned: amounts(parts.map(({ lotId, rest }) => ({ lotId, amount: rest }))),
      legs,
    },
  };
  return [
    settled,
    ...overage(open, used.minus(charge)),
    ...lapsed(
      wallet,
      parts.map(({ lotId, rest }) => ({ lotId, amount: rest })),
      command.at,
    ),
  ];
}

/** Gives a whole hold back, because the call failed or nothing says what it consumed. */
export function giveBack(
  command: ReleaseHold | ExpireHold,
  wallet: Wallet,
): readonly WalletEvent[] {
  const open = openHold(command.callId, wallet);
  if (!open) return [];
  const { hold, walletId } = open;
  const { parts, legs } = close(hold, walletId, zero);
  const returned = parts.map(({ lotId, rest }) => ({ lotId, amount: rest }));
  const data = { ...endedCall(open, command.ending), returned: amounts(returned), legs };
  const event: WalletEvent =
    command.type === 'ReleaseHold'
      ? { type: 'ReservationReleased', data }
      : { type: 'ReservationExpired', data: { ...data, basis: 'no_evidence' } };
  return [event, ...lapsed(wallet, returned, command.at)];
}

interface OpenHold {
  readonly hold: Hold;
  readonly walletId: string;
}

function openHold(callId: string, { holds, opened }: Wallet): OpenHold | undefined {
  const hold = holds.get(callId);
  return hold && opened ? { hold, walletId: opened.walletId } : undefined;
}

const endedCall = ({ hold, walletId }: OpenHold, ending: Ending) => ({
  walletId,
  call: hold.call,
  ...ending,
  asset: hold.asset,
});

/** What a usage costs in the asset that the call was reserved in. */
function costOf(usage: Usage, { asset, price }: Hold): Decimal {
  if (!isUnit(asset)) return rate(usage, price.prices);
  switch (asset) {
    case 'requests':
      return new Decimal(1);
    case 'tokens':
      return new Decimal(tokensOf(usage));
    case 'characters':
      return zero;
  }
}

function close({ asset, parts: held }: Hold, walletId: string, charge: Decimal) {
  const parts = consume(held, charge);
  const legs = entry([
    ...parts.flatMap(({ kind, amount, rest }) => [
      { account: account.hold(walletId, kind), asset, amount },
      { account: account.credit(walletId, kind), asset, amount: rest.negated() },
    ]),
    { account: earnedAt(asset), asset, amount: charge.negated() },
  ]);
  return { parts, legs };
}

interface Part {
  readonly lotId: string;
  readonly amount: Decimal;
}

const amounts = (parts: readonly Part[]) =>
  parts
    .filter(({ amount }) => !amount.isZero())
    .map(({ lotId, amount }) => ({ lotId, amount: canonical(amount) }));

/** Use beyond the hold: for money an expense against its revenue, for units a bare fact. */
function overage({ hold, walletId }: OpenHold, amount: Decimal): readonly WalletEvent[] {
  if (amount.isZero()) return [];
  const { asset } = hold;
  const legs = isUnit(asset)
    ? []
    : entry([
        { account: account.writeoff, asset, amount },
        { account: account.revenueUsage, asset, amount: amount.negated() },
      ]);
  const data = { walletId, callId: hold.call.callId, asset, amount: canonical(amount) };
  return [{ type: 'OverageAccrued', data: { ...data, treatment: 'absorbed', legs } }];
}

/** What came back to a lot after its expiry expires with it, in the same append. */
function lapsed(wallet: Wallet, returned: readonly Part[], at: Instant): readonly WalletEvent[] {
  return returned.flatMap(({ lotId, amount }) => {
    const lot = wallet.lots.get(lotId);
    if (!lot || !wallet.opened || amount.isZero() || !isExpired(lot, at)) return [];
    return [creditExpired(wallet.opened.walletId, lot, amount)];
  });
}

function creditExpired(
  walletId: string,
  { id, asset, kind }: { id: string; asset: Asset; kind: Hold['parts'][number]['kind'] },
  amount: Decimal,
): WalletEvent {
  const legs = entry([
    { account: account.credit(walletId, kind), asset, amount },
    { account: expiryTarget(kind, asset), asset, amount: amount.negated() },
  ]);
  return {
    type: 'CreditExpired',
    data: { walletId, lotId: id, asset, amount: canonical(amount), legs },
  };
}

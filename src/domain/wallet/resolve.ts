import { account, earnedAt, entry, isUnit } from '../accounts.ts';
import type { Instant } from '../ids.ts';
import type { Decimal } from '../money.ts';
import { canonical, least, Decimal as Whole, zero } from '../money.ts';
import { isPriced, rate } from '../price-list/rating.ts';
import { tokensOf } from '../price-list/usage.ts';
import type { Basis, BookedCost, Cost, Treatment } from './call-events.ts';
import type {
  Consumption,
  Ending,
  ReleaseHold,
  ResolveAbandoned,
  SettleUsage,
} from './commands.ts';
import { costLegs } from './costs.ts';
import { withDebtPaid } from './debt.ts';
import type { WalletEvent } from './events.ts';
import type { Returned } from './expire.ts';
import { lapsed } from './expire.ts';
import { correctedCounts, useOf } from './limits.ts';
import { consume } from './lots.ts';
import { overage } from './overage.ts';
import type { Hold, Wallet } from './wallet.ts';

/** Charges what a call consumed, never more than its hold; a hold that is gone decides nothing. */
export function settle(command: SettleUsage, wallet: Wallet): readonly WalletEvent[] {
  const open = openHold(command.callId, wallet);
  if (!open) return [];
  return settled(open, wallet, { ...command, swept: false });
}

/** Gives a whole hold back, because the call failed. */
export function release(command: ReleaseHold, wallet: Wallet): readonly WalletEvent[] {
  const open = openHold(command.callId, wallet);
  if (!open) return [];
  const { costs, at } = command;
  const { legs, returned } = close(open, zero);
  const data = {
    ...endedCall(open, command),
    counted: countedLess(open.hold, null),
    costs: [...costs],
    returned: amounts(returned),
    legs: [...legs, ...costLegs(costs)],
  };
  const released: WalletEvent = { type: 'ReservationReleased', data };
  return withDebtPaid([released, ...lapsed(wallet, returned, at)], wallet, at);
}

/** Ends a hold for a process that is gone: charged as far as there is evidence, else given back. */
export function resolveAbandoned(
  command: ResolveAbandoned,
  wallet: Wallet,
): readonly WalletEvent[] {
  const open = openHold(command.callId, wallet);
  if (!open) return [];
  const { evidence, costs, at } = command;
  if (evidence) {
    return settled(open, wallet, { ...command, ...evidence, swept: true });
  }
  const possibleCosts = command.possibleCosts ?? saidBy(open.hold);
  const { legs, returned } = close(open, zero);
  const data = {
    ...endedCall(open, command),
    basis: 'no_evidence' as const,
    counted: countedLess(open.hold, null),
    costs: [...costs],
    possibleCosts: [...possibleCosts],
    returned: amounts(returned),
    legs: [...legs, ...costLegs(costs), ...costLegs(possibleCosts, account.suspense)],
  };
  const expired: WalletEvent = { type: 'ReservationExpired', data };
  return withDebtPaid([expired, ...lapsed(wallet, returned, at)], wallet, at);
}

const saidBy = ({ mayCost }: Hold): readonly Cost[] => (mayCost ? [mayCost] : []);

interface Settlement extends Consumption {
  readonly basis: Basis;
  readonly ending: Ending;
  readonly costs: readonly BookedCost[];
  readonly overrun: Treatment;
  readonly swept: boolean;
  readonly at: Instant;
}

function settled(open: OpenHold, wallet: Wallet, settlement: Settlement): readonly WalletEvent[] {
  const { hold, walletId } = open;
  const { basis, usage, characters, costs, swept, at } = settlement;
  const used = costOf(settlement, hold);
  const charge = least(used, hold.amount);
  const { parts, legs, returned } = close(open, charge);
  const event: WalletEvent = {
    type: 'UsageSettled',
    data: {
      ...endedCall(open, settlement),
      basis: isCounted(settlement, hold) ? basis : 'bound',
      usage,
      characters,
      price: hold.price,
      charge: canonical(charge),
      consumed: amounts(parts.map(({ lotId, taken }) => ({ lotId, amount: taken }))),
      returned: amounts(returned),
      counted: countedLess(hold, { tokens: new Whole(tokensOf(usage)), charge }),
      costs: [...costs],
      swept,
      legs: [...legs, ...costLegs(costs)],
    },
  };
  const events = [
    event,
    ...overage({ walletId, of: hold, amount: used.minus(charge) }, settlement.overrun),
    ...lapsed(wallet, returned, at),
  ];
  return withDebtPaid(events, wallet, at);
}

interface OpenHold {
  readonly hold: Hold;
  readonly walletId: string;
}

function openHold(callId: string, { holds, opened }: Wallet): OpenHold | undefined {
  const hold = holds.get(callId);
  return hold && opened ? { hold, walletId: opened.walletId } : undefined;
}

const endedCall = (
  { hold, walletId }: OpenHold,
  { ending, at }: { readonly ending: Ending; readonly at: Instant },
) => ({ walletId, call: hold.call, ...ending, asset: hold.asset, at });

/** Whether anybody counted what the call is paid in, in classes that have a price. */
const isCounted = (
  { usage, characters }: Consumption,
  { asset, price }: Pick<Hold, 'asset' | 'price'>,
): boolean =>
  isUnit(asset) ? asset !== 'characters' || characters !== null : isPriced(usage, price.prices);

/** What was consumed, in the asset that the call was reserved in; its bound where nobody counted. */
export function costOf(
  { usage, characters }: Consumption,
  { asset, price, amount }: Pick<Hold, 'asset' | 'price' | 'amount'>,
): Decimal {
  if (!isUnit(asset)) {
    return isPriced(usage, price.prices) ? rate(usage, price.prices) : amount;
  }
  switch (asset) {
    case 'requests':
      return new Whole(1);
    case 'tokens':
      return new Whole(tokensOf(usage));
    case 'characters':
      return characters === null ? amount : new Whole(characters);
  }
}

/** Consumes a part of a hold; all else goes back, the overdraft first. */
function close({ hold, walletId }: OpenHold, charge: Decimal) {
  const { asset } = hold;
  const parts = consume(hold.parts, charge);
  const legs = entry([
    ...parts.flatMap(({ lotId, kind, amount, rest }) => [
      { account: account.hold(walletId, kind), asset, amount },
      {
        account: lotId === null ? account.receivable(walletId) : account.credit(walletId, kind),
        asset,
        amount: rest.negated(),
      },
    ]),
    { account: earnedAt(asset), asset, amount: charge.negated() },
  ]);
  const returned: readonly Returned[] = parts.map(({ lotId, rest }) => ({ lotId, amount: rest }));
  return { parts, legs, returned };
}

/** Limits counted the bound; what a call came to takes its place, nothing for a call that failed. */
function countedLess(
  { limits, at, tokens, asset, amount }: Hold,
  end: { readonly tokens: Decimal; readonly charge: Decimal } | null,
) {
  if (limits.length === 0) return [];
  const before = useOf(tokens, asset, amount);
  const now = useOf(end?.tokens ?? zero, asset, end?.charge ?? zero);
  return correctedCounts(limits, { at, before, now });
}

export const amounts = <LotId extends string | null>(
  parts: readonly { readonly lotId: LotId; readonly amount: Decimal }[],
) =>
  parts
    .filter(({ amount }) => !amount.isZero())
    .map(({ lotId, amount }) => ({ lotId, amount: canonical(amount) }));

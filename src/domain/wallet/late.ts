import type { Asset } from '../accounts.ts';
import { account, earnedAt, entry } from '../accounts.ts';
import type { Instant } from '../ids.ts';
import { later, nameId } from '../ids.ts';
import type { Decimal } from '../money.ts';
import { canonical, least, money, sum, Decimal as Whole, zero } from '../money.ts';
import { isNothing, tokensOf } from '../price-list/usage.ts';
import { Rejection } from '../rejection.ts';
import type { PostLateSettlement } from './commands.ts';
import { countedLike, lateCostLegs, negated, summed } from './costs.ts';
import { withDebtPaid } from './debt.ts';
import type { WalletEvent, WalletEventData } from './events.ts';
import { revoked } from './expire.ts';
import { correctedCounts, useOf } from './limits.ts';
import type { TakenLot } from './lot-events.ts';
import type { HeldPart } from './lots.ts';
import { allocate, freeOf, usableLots } from './lots.ts';
import { overage } from './overage.ts';
import { amounts, costOf } from './resolve.ts';
import type { Swept, Wallet } from './wallet.ts';
import { lotsIn, remembered } from './wallet.ts';

/**
 * Charges, once, the difference between what a call consumed and what the sweeper charged for it;
 * decides nothing for a call that was not swept or too long ago.
 * A call whose hold would have been released costs nothing, in every asset.
 *
 * A difference that isn't available is not charged, then or later: what the call cost us is booked all the
 * same, and where that says nothing new it throws.
 *
 * Of what turns out to be too much, a correction has given back its part already; what turns out to be too
 * little is charged beside it: what a person gave is not taken back.
 */
export function postLate(command: PostLateSettlement, wallet: Wallet): readonly WalletEvent[] {
  const swept = remembered(wallet, command.at).get(command.callId);
  if (!(swept && wallet.opened)) return [];
  const { walletId } = wallet.opened;
  const { asset } = swept;
  const { usage, characters, ending, at } = command;
  const costs = [
    ...countedLike(command.costs[0], summed([...command.costs, ...negated(swept.booked)])),
  ];
  const isFree = isReleased(command);
  const used = isFree ? zero : costOf(command, swept);
  const cameTo = least(used, swept.amount);
  const difference = differenceTo(cameTo, swept);
  const parts = chargedFrom(difference, { swept, wallet, at });
  if (!parts) return costsAlone(command, { walletId, swept, costs });
  const back = givenBack(difference, { swept, wallet, at });
  const lots = back.map(({ revoked: _, ...lot }) => lot);
  const data = {
    walletId,
    call: swept.call,
    ...ending,
    asset,
    at,
    usage,
    characters,
    price: swept.price,
    charge: canonical(swept.charge.plus(difference)),
    first: !isFree && isUncounted(swept),
    difference: canonical(difference),
    consumed: amounts(parts),
    lots,
    counted: correctedCounts(swept.limits, {
      at: swept.at,
      before: useOf(swept.tokens, asset, swept.charge),
      now: useOf(new Whole(isFree ? 0 : tokensOf(usage)), asset, cameTo),
    }),
    costs,
    legs: [
      ...entry([
        ...parts.map(({ kind, amount }) => ({
          account: account.credit(walletId, kind),
          asset,
          amount,
        })),
        ...lots.map(({ kind, amount }) => ({
          account: account.credit(walletId, kind),
          asset,
          amount: money(amount).negated(),
        })),
        { account: earnedAt(asset), asset, amount: difference.negated() },
      ]),
      ...lateCostLegs(costs, swept.suspense),
    ],
  };
  const posted: WalletEvent = { type: 'LateSettlementPosted', data };
  const beyond = used.minus(swept.amount).minus(swept.overrun);
  const overrun = overage({ walletId, of: swept, amount: beyond }, command.overrun);
  const gone = revokedAgain(back, { walletId, asset });
  return withDebtPaid([posted, ...overrun, ...gone], wallet, at);
}

/** It failed, or it was ended before anything of it counted: as the call itself would have told. */
function isReleased({ ending: { outcome }, usage, characters }: PostLateSettlement): boolean {
  switch (outcome) {
    case 'upstream_failed':
    case 'upstream_timed_out':
    case 'refused':
    case 'abandoned':
      return true;
    case 'client_closed':
    case 'timed_out':
    case 'shut_down':
      return isNothing(usage) && (characters ?? 0) === 0;
    case 'completed':
      return false;
  }
}

/** The sweeper had nothing to go by: neither tokens nor a charge. */
const isUncounted = ({ tokens, charge }: Swept): boolean => tokens.isZero() && charge.isZero();

function differenceTo(charge: Decimal, swept: Swept): Decimal {
  const difference = charge.minus(swept.charge);
  if (!difference.isNegative()) return difference;
  const corrected = swept.charge.minus(sum(swept.taken.map(({ amount }) => money(amount))));
  return least(difference.plus(corrected), zero);
}

interface Place {
  readonly swept: Swept;
  readonly wallet: Wallet;
  readonly at: Instant;
}

/** Undefined: so much isn't available. */
function chargedFrom(
  difference: Decimal,
  { swept, wallet, at }: Place,
): readonly HeldPart[] | undefined {
  if (!difference.isPositive() || difference.isZero()) return [];
  const { asset, call } = swept;
  const lots = usableLots(lotsIn(wallet), { asset, model: call.model, at });
  return freeOf(lots).lt(difference) ? undefined : allocate(lots, difference).parts;
}

interface Known {
  readonly walletId: string;
  readonly swept: Swept;
  /** Beyond those that are booked. */
  readonly costs: WalletEventData<'LateCostsPosted'>['costs'];
}

function costsAlone(
  { ending: { upstream, upstreamModel }, at }: PostLateSettlement,
  { walletId, swept: { call, suspense }, costs }: Known,
): readonly WalletEvent[] {
  if (costs.length === 0 && suspense.length === 0) {
    throw new Rejection('insufficient_quota', 'What the call consumed is not available any more.', {
      why: 'late_not_covered',
    });
  }
  const legs = lateCostLegs(costs, suspense);
  const data = { walletId, call, upstream, upstreamModel, at, costs, legs };
  return [{ type: 'LateCostsPosted', data }];
}

/** So long at least a lot lasts that gives back what was charged. */
const returnedMs = 30 * 24 * 60 * 60 * 1000;

/** When a lot ends that gives back what was taken from one with this expiry. */
export const lastsAtLeast = (expiresAt: Instant | null, at: Instant): Instant | null =>
  expiresAt && later(expiresAt, instantOf(Date.parse(at) + returnedMs));

const instantOf = (ms: number): Instant => new Date(ms).toISOString();

/**
 * What was charged too much, as lots of the terms it was taken from, the last taken first. How many lots
 * there were is part of their ids: a call that is reserved again may be given something back again.
 */
function givenBack(difference: Decimal, { swept, wallet, at }: Place): readonly TakenLot[] {
  let left = difference.isNegative() ? difference.negated() : zero;
  return swept.taken.toReversed().flatMap((taken, index): readonly TakenLot[] => {
    const amount = least(left, money(taken.amount));
    left = left.minus(amount);
    if (amount.isZero()) return [];
    const lotId = nameId(`late/${swept.call.callId}/${wallet.grants + index}`);
    const expiresAt = lastsAtLeast(taken.expiresAt, at);
    return [{ ...taken, lotId, expiresAt, amount: canonical(amount) }];
  });
}

/** Of lots that were revoked after they had been charged nothing comes back to the member. */
const revokedAgain = (
  back: readonly TakenLot[],
  { walletId, asset }: { readonly walletId: string; readonly asset: Asset },
): readonly WalletEvent[] =>
  back
    .filter((lot) => lot.revoked)
    .map(({ lotId: id, kind, amount }) =>
      revoked(walletId, { id, asset, kind }, { amount: money(amount), reason: 'returned' }),
    );

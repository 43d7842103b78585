import type { Recorded } from '../events.ts';
import type { Instant } from '../ids.ts';
import type { Decimal } from '../money.ts';
import { canonical, least, money, sum, Decimal as Whole, zero } from '../money.ts';
import type { LotPart } from './call-events.ts';
import { longAgo } from './call-events.ts';
import { payDebt } from './debt.ts';
import type { WalletEvent, WalletEventData } from './events.ts';
import type { Invariant, Wrong } from './finding.ts';
import { allocate, consume, usableLots } from './lots.ts';
import { amounts, costOf } from './resolve.ts';
import type { Wallet } from './wallet.ts';
import { debtOf, lotsIn, remembered } from './wallet.ts';

/** One event between the states that it leads from and to. */
export interface Step {
  readonly before: Wallet;
  readonly event: Recorded<WalletEvent>;
  readonly after: Wallet;
}

const none: readonly Wrong[] = [];
const unless = (holds: boolean, invariant: Invariant, what: string): readonly Wrong[] =>
  holds ? none : [{ invariant, what }];

/** A call that ends without being open, or begins while it is: nothing else of it can be judged. */
export function misplaced({ before, event }: Step): readonly Wrong[] {
  switch (event.type) {
    case 'CreditReserved': {
      const { callId } = event.data.call;
      const swept = remembered(before, momentOf(event.data.at, event));
      const isNew = !before.holds.has(callId) && !swept.has(callId);
      return unless(isNew, 'I4', `Call ${callId} is reserved again.`);
    }
    case 'UsageSettled':
    case 'ReservationReleased':
    case 'ReservationExpired': {
      const { callId } = event.data.call;
      return unless(before.holds.has(callId), 'I4', `Call ${callId} ends without an open hold.`);
    }
    case 'LateSettlementPosted':
    case 'LateCostsPosted': {
      const { callId } = event.data.call;
      const what = `Call ${callId} posts a difference, and its hold was not swept.`;
      return unless(before.swept.has(callId), 'I5', what);
    }
    default:
      return none;
  }
}

/** What an event says of a call or a debt, against the state in which it was decided. */
export function callWrongs(step: Step): readonly Wrong[] {
  const { before, event } = step;
  switch (event.type) {
    case 'CreditReserved':
      return reserveWrongs(event.data, step);
    case 'UsageSettled':
      return settledWrongs(event.data, before);
    case 'ReservationReleased':
    case 'ReservationExpired':
      return endWrongs(event.data, before, { charge: zero, consumed: [] });
    case 'LateSettlementPosted':
      return lateWrongs(event.data, step);
    case 'DebtPaid':
      return debtWrongs(event.data, step);
    default:
      return none;
  }
}

/** Events from before calls had a time of their own. */
const momentOf = (at: Instant, { meta }: Step['event']): Instant =>
  at === longAgo ? meta.recordedAt : at;

function reserveWrongs(
  { call, asset, amount, alloc, at }: WalletEventData<'CreditReserved'>,
  { before, event, after }: Step,
): readonly Wrong[] {
  const held = money(amount);
  const parts = alloc.map(({ lotId, amount: part }) => ({ lotId, amount: part }));
  const when = { asset, model: call.model, at: momentOf(at, event) };
  const { parts: taken, lacking } = allocate(usableLots(lotsIn(before), when), held);
  const expected = amounts([...taken, { lotId: null, amount: lacking }]);
  const most = new Whole(before.limits.get('wallet/total/overdraft')?.most ?? 0);
  const mayOwe = debtOf(before).lte(most) && (drawn(parts).isZero() || after.owed.lte(most));
  return [
    ...unless(totalOf(parts).eq(held), 'I4', `The parts of a hold are not its ${amount}.`),
    ...unless(sameParts(parts, expected), 'I6', 'A hold does not take its lots in burn order.'),
    ...unless(mayOwe, 'I3', `A call is reserved while ${canonical(after.owed)} are owed.`),
  ];
}

const drawn = (parts: readonly LotPart[]): Decimal =>
  totalOf(parts.filter(({ lotId }) => lotId === null));

function settledWrongs(data: WalletEventData<'UsageSettled'>, before: Wallet): readonly Wrong[] {
  const { call, usage, characters, consumed } = data;
  const charge = money(data.charge);
  const wrongs = endWrongs(data, before, { charge, consumed });
  const hold = before.holds.get(call.callId);
  if (!hold || wrongs.length > 0) return wrongs;
  const costs = least(costOf({ usage, characters }, hold), hold.amount);
  const what = `${data.charge} are charged for what costs ${canonical(costs)}.`;
  return unless(charge.eq(costs), 'I5', what);
}

interface Charged {
  readonly charge: Decimal;
  readonly consumed: readonly LotPart[];
}

function endWrongs(
  { call, returned }: Pick<WalletEventData<'UsageSettled'>, 'call' | 'returned'>,
  { holds }: Wallet,
  { charge, consumed }: Charged,
): readonly Wrong[] {
  const hold = holds.get(call.callId);
  if (!hold) return none;
  const fits = !charge.isNegative() && charge.lte(hold.amount);
  if (!fits) {
    const what = `${canonical(charge)} are charged of a hold of ${canonical(hold.amount)}.`;
    return unless(fits, 'I5', what);
  }
  const parts = consume(hold.parts, charge);
  const takes = amounts(parts.map(({ lotId, taken }) => ({ lotId, amount: taken })));
  const leaves = amounts(parts.map(({ lotId, rest }) => ({ lotId, amount: rest })));
  const isWhole = sum([totalOf(consumed), totalOf(returned)]).eq(hold.amount);
  const isCharged = totalOf(consumed).eq(charge);
  const inOrder = sameParts(consumed, takes) && sameParts(returned, leaves);
  return [
    ...unless(isWhole, 'I4', `A hold of ${canonical(hold.amount)} does not end as a whole.`),
    ...unless(isCharged, 'I5', `The lots give another amount than the charge.`),
    ...unless(
      inOrder || !(isWhole && isCharged),
      'I6',
      'A charge does not consume its lots in burn order.',
    ),
  ];
}

function lateWrongs(
  { call, charge, difference, consumed, lots, asset, at }: WalletEventData<'LateSettlementPosted'>,
  { before, event }: Step,
): readonly Wrong[] {
  const swept = before.swept.get(call.callId);
  if (!swept) return none;
  const charged = money(charge);
  const more = money(difference);
  const fits =
    !charged.isNegative() &&
    charged.lte(swept.amount) &&
    charged.minus(swept.charge).eq(more) &&
    more.negated().lte(totalOf(swept.taken)) &&
    totalOf(consumed).minus(totalOf(lots)).eq(more);
  const when = { asset, model: call.model, at: momentOf(at, event) };
  const wanted = more.isNegative() ? zero : more;
  const expected = amounts(allocate(usableLots(lotsIn(before), when), wanted).parts);
  return [
    ...unless(fits, 'I5', `A late charge of ${charge} is no such difference of ${difference}.`),
    ...unless(
      !fits || sameParts(consumed, expected),
      'I6',
      'A late charge does not take its lots in burn order.',
    ),
  ];
}

function debtWrongs(
  { consumed }: WalletEventData<'DebtPaid'>,
  { before, event }: Step,
): readonly Wrong[] {
  const paid = payDebt(before, event.meta.recordedAt).find(({ type }) => type === 'DebtPaid');
  const expected = paid?.type === 'DebtPaid' ? paid.data.consumed : [];
  return unless(
    sameParts(consumed, expected),
    'I6',
    'A debt is not paid from the paid lots in burn order.',
  );
}

const totalOf = (parts: readonly { readonly amount: string }[]): Decimal =>
  sum(parts.map(({ amount }) => money(amount)));

const sameParts = (parts: readonly LotPart[], others: readonly LotPart[]): boolean =>
  parts.length === others.length &&
  parts.every(({ lotId, amount }, index) => {
    const other = others[index];
    return other?.lotId === lotId && money(amount).eq(other.amount);
  });

import type { CreditKind } from '../accounts.ts';
import type { Decimal } from '../money.ts';
import { canonical, money } from '../money.ts';
import { inputOf, outputOf, unitClasses } from '../price-list/usage.ts';
import type { WalletEvent, WalletEventData } from './events.ts';

/** Why a balance changed; a text of the catalogue and what fills it in. */
export interface Explanation {
  readonly key: ExplanationKey;
  readonly values: Readonly<Record<string, string>>;
}

export type ExplanationKey =
  | 'granted_paid'
  | 'granted_plan'
  | 'granted_promo'
  | 'granted_compensation'
  | 'expired'
  | 'revoked'
  | 'debt_paid'
  | 'used'
  | 'used_as_estimated'
  | 'used_up_to_crash'
  | 'used_up_to_bound'
  | 'used_images'
  | 'used_seconds'
  | 'used_characters'
  | 'used_and_overdraft_returned'
  | 'overdraft_drawn'
  | 'overdraft_returned'
  | 'charged_late'
  | 'returned_late'
  | 'corrected'
  | 'unexplained';

const grantedKeys: Readonly<Record<CreditKind, ExplanationKey>> = {
  paid: 'granted_paid',
  plan: 'granted_plan',
  promo: 'granted_promo',
  compensation: 'granted_compensation',
};

const usedKeys: Readonly<Record<WalletEventData<'UsageSettled'>['basis'], ExplanationKey>> = {
  usage: 'used',
  estimate: 'used_as_estimated',
  checkpoint: 'used_up_to_crash',
  bound: 'used_up_to_bound',
};

const pieceKeys = {
  images: 'used_images',
  seconds: 'used_seconds',
  characters: 'used_characters',
} as const satisfies Readonly<Record<(typeof unitClasses)[number], ExplanationKey>>;

/** Why an event changed what is posted by `change`. */
export function explain(event: WalletEvent, change: Decimal): Explanation {
  switch (event.type) {
    case 'CreditGranted':
      return of(grantedKeys[event.data.kind]);
    case 'CreditExpired':
      return of('expired');
    case 'CreditRevoked':
      return of('revoked');
    case 'DebtPaid':
      return of('debt_paid');
    case 'CreditReserved':
      return of('overdraft_drawn', { model: event.data.call.model });
    case 'UsageSettled':
      return used(event.data, change);
    case 'ReservationReleased':
    case 'ReservationExpired':
      return of('overdraft_returned', { model: event.data.call.model });
    case 'LateSettlementPosted': {
      const key = change.isNegative() ? 'charged_late' : 'returned_late';
      return of(key, { model: event.data.call.model });
    }
    case 'UsageCorrected':
      return of('corrected', { model: event.data.model });
    case 'WalletPeriodOpened':
    case 'WalletPeriodClosed':
    case 'LateCostsPosted':
    case 'OverageAccrued':
    case 'LimitSet':
    case 'DenialsCounted':
    case 'WalletFrozen':
    case 'WalletUnfrozen':
    case 'CommandRefused':
      return of('unexplained', { type: event.type });
  }
}

const of = (key: ExplanationKey, values: Explanation['values'] = {}): Explanation => ({
  key,
  values,
});

/** What a call drew on the overdraft was posted for as long as it ran; that part goes as well. */
function used(
  { basis, charge, asset, usage, call: { model } }: WalletEventData<'UsageSettled'>,
  change: Decimal,
): Explanation {
  const returned = change.plus(money(charge)).negated();
  const values = {
    ...{ model, charge, asset },
    ...{ input: `${inputOf(usage)}`, output: `${outputOf(usage)}` },
  };
  if (returned.isZero()) {
    const piece = unitClasses.find((each) => usage[each]);
    if (piece === undefined || basis === 'bound') return of(usedKeys[basis], values);
    return of(pieceKeys[piece], { ...values, count: `${usage[piece]}` });
  }
  return of('used_and_overdraft_returned', { ...values, returned: canonical(returned) });
}

import type { Leg } from '../accounts.ts';
import { account, imbalance } from '../accounts.ts';
import type { Decimal } from '../money.ts';
import { canonical, money, zero } from '../money.ts';
import type { Step } from './audit-calls.ts';
import { lotsNamed } from './audit-lots.ts';
import type { WalletEvent } from './events.ts';
import { walletNamedIn } from './events.ts';
import type { Wrong } from './finding.ts';
import type { Wallet } from './wallet.ts';

const none: readonly Leg[] = [];
const legsIn = ({ data }: WalletEvent): readonly Leg[] => ('legs' in data ? data.legs : none);

/** An entry whose legs don't sum to zero (I1). */
export const imbalanceIn = (event: WalletEvent): readonly Wrong[] =>
  [...imbalance(legsIn(event))].map(([asset, total]) => ({
    invariant: 'I1',
    what: `The legs of ${event.type} sum to ${canonical(total)} ${asset}.`,
  }));

type Totals = ReadonlyMap<string, Decimal>;

/** What an event's legs move, account by account, where the fold moves something else (I2). */
export function legsAgainstFold({ before, event, after }: Step): readonly Wrong[] {
  const byLegs = legTotals(event, walletNamedIn(event));
  const byFold = foldTotals(before, after, lotsNamed(event));
  const names = new Set([...byLegs.keys(), ...byFold.keys()]);
  return [...names].flatMap((name): readonly Wrong[] => {
    const leg = byLegs.get(name) ?? zero;
    const fold = byFold.get(name) ?? zero;
    if (leg.eq(fold)) return [];
    const what = `The legs move ${canonical(leg)} on ${name}, the fold ${canonical(fold)}.`;
    return [{ invariant: 'I2', what }];
  });
}

/** Only the wallet's own accounts: the others are the books' and no fold's. */
function legTotals(event: WalletEvent, walletId: string | null): Totals {
  const totals = new Map<string, Decimal>();
  for (const { account: name, asset, amount } of legsIn(event)) {
    const [kind, owner] = name.split(':', 2);
    const isOurs = kind === 'credit' || kind === 'hold' || kind === 'receivable';
    if (isOurs && owner === walletId) add(totals, `${name} ${asset}`, money(amount));
  }
  return totals;
}

function foldTotals(before: Wallet, after: Wallet, lotIds: readonly string[]): Totals {
  const totals = new Map<string, Decimal>();
  const { walletId = '', currency = '' } = after.opened ?? before.opened ?? {};
  for (const id of lotIds) {
    const [old, now] = [before.lots.get(id), after.lots.get(id)];
    const { kind, asset } = now ?? old ?? {};
    if (!kind) continue;
    const freed = (now?.free ?? zero).minus(old?.free ?? zero);
    const held = (now?.held ?? zero).minus(old?.held ?? zero);
    add(totals, `${account.credit(walletId, kind)} ${asset}`, freed.negated());
    add(totals, `${account.hold(walletId, kind)} ${asset}`, held.negated());
  }
  const drawn = after.overdrawn.minus(before.overdrawn);
  add(totals, `${account.hold(walletId, 'paid')} ${currency}`, drawn.negated());
  add(totals, `${account.receivable(walletId)} ${currency}`, after.owed.minus(before.owed));
  return totals;
}

const add = (totals: Map<string, Decimal>, name: string, amount: Decimal): void => {
  totals.set(name, (totals.get(name) ?? zero).plus(amount));
};

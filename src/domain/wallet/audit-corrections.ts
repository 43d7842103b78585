import type { Recorded } from '../events.ts';
import type { Decimal } from '../money.ts';
import { canonical, money, sum, zero } from '../money.ts';
import type { WalletEvent, WalletEventData } from './events.ts';
import type { Finding, Wrong } from './finding.ts';
import { findingAt } from './finding.ts';

/** What a correction may name. */
interface Settlement {
  readonly callId: string;
  readonly asset: string;
  readonly charge: Decimal;
}

interface Correction {
  readonly event: Recorded<WalletEvent> & { readonly data: WalletEventData<'UsageCorrected'> };
  /** With those before it. */
  readonly total: Decimal;
}

const settlementIn = ({ type, data }: WalletEvent): Settlement | undefined => {
  if (type === 'UsageSettled') {
    return { callId: data.call.callId, asset: data.asset, charge: money(data.charge) };
  }
  if (type !== 'LateSettlementPosted') return undefined;
  return { callId: data.call.callId, asset: data.asset, charge: money(data.difference) };
};

/** Corrections name a settlement and never exceed it (I5). */
export function correctionLedger() {
  const settlements = new Map<string, Settlement>();
  const corrected = new Map<string, Decimal>();
  const unknown: Correction[] = [];

  function correct(event: Correction['event']): readonly Wrong[] {
    const { eventId, amount, lots } = event.data;
    const total = (corrected.get(eventId) ?? zero).plus(amount);
    corrected.set(eventId, total);
    const given = sum(lots.map((lot) => money(lot.amount)));
    if (!given.eq(amount)) {
      return [{ invariant: 'I5', what: `Lots of ${canonical(given)} correct ${amount}.` }];
    }
    const settlement = settlements.get(eventId);
    if (settlement) return against({ event, total }, settlement);
    unknown.push({ event, total });
    return [];
  }

  return {
    /** Another stream begins: the settlements of the one before need no more room. */
    open: () => settlements.clear(),
    post(event: Recorded<WalletEvent>): readonly Wrong[] {
      if (event.type === 'UsageCorrected') return correct(event);
      const settlement = settlementIn(event);
      if (settlement) settlements.set(event.id, settlement);
      return [];
    },
    /** Those whose settlement is in an earlier stream, if it is anywhere. */
    unknown: (): readonly Correction[] => unknown,
  };
}

function against({ event, total }: Correction, settlement: Settlement): readonly Wrong[] {
  const { callId, asset, eventId } = event.data;
  if (settlement.callId !== callId || settlement.asset !== asset) {
    return [
      { invariant: 'I5', what: `The correction names ${eventId}, which is of another call.` },
    ];
  }
  if (total.lte(settlement.charge)) return [];
  const [much, charge] = [canonical(total), canonical(settlement.charge)];
  return [{ invariant: 'I5', what: `Corrections of ${much} exceed the charge of ${charge}.` }];
}

/** Judges a correction by what stands where the settlement should be. */
export function correctionFindings(
  correction: Correction,
  settled: Recorded<WalletEvent> | undefined,
): readonly Finding[] {
  const { event } = correction;
  const settlement = settled && settlementIn(settled);
  const wrongs = settlement
    ? against(correction, settlement)
    : [{ invariant: 'I5' as const, what: `There is no settlement ${event.data.eventId}.` }];
  return wrongs.map((wrong) => findingAt(event, event.data.walletId, wrong));
}

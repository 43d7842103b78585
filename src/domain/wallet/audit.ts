import type { Asset } from '../accounts.ts';
import type { Recorded } from '../events.ts';
import type { Decimal } from '../money.ts';
import { canonical, money, sum, zero } from '../money.ts';
import { bookWrongs } from './audit-books.ts';
import type { Step } from './audit-calls.ts';
import { callWrongs, misplaced } from './audit-calls.ts';
import { commandLedger } from './audit-commands.ts';
import { correctionLedger } from './audit-corrections.ts';
import { imbalanceIn, legsAgainstFold } from './audit-legs.ts';
import { lotLedger, lotsNamed } from './audit-lots.ts';
import type { WalletEvent } from './events.ts';
import { walletNamedIn } from './events.ts';
import { evolve } from './evolve.ts';
import type { Finding, Wrong } from './finding.ts';
import { findingAt } from './finding.ts';
import type { Balance, Wallet } from './wallet.ts';
import { balances, emptyWallet } from './wallet.ts';

export type WalletAudit = ReturnType<typeof walletAudit>;

/**
 * Checks the history of one wallet: give it every event in order, from the first of any of its
 * streams on and then across them. What was found is told once, at the event that did it.
 */
export function walletAudit() {
  const lots = lotLedger();
  const commands = commandLedger();
  const corrections = correctionLedger();
  let state: Wallet = emptyWallet;
  let previous: Recorded<WalletEvent> | undefined;
  let knownOfHolds = false;

  function wrongsOf(step: Step): readonly Wrong[] {
    const { event, after } = step;
    const identity = commands.post(event);
    const place = bookWrongs(step, previous);
    const first = [...identity, ...place, ...lots.again(event), ...misplaced(step)];
    if (event.type === 'WalletPeriodOpened') {
      lots.open(after);
      corrections.open();
    }
    const amounts = [...imbalanceIn(event)];
    if (first.length > 0) {
      // Whatever else is wrong with it follows from that.
      lots.skip(event, after);
      return [...first, ...amounts];
    }
    if (event.type !== 'WalletPeriodOpened') amounts.push(...legsAgainstFold(step));
    return [
      ...amounts,
      ...belowZero(event, after),
      ...callWrongs(step),
      ...corrections.post(event),
      ...lots.post(event, after),
    ];
  }

  return {
    take(event: Recorded<WalletEvent>): readonly Finding[] {
      const before = state;
      const after = evolve(before, event);
      const wrongs = wrongsOf({ before, event, after });
      state = after;
      previous = event;
      knownOfHolds ||= wrongs.some(({ invariant }) => invariant === 'I4');
      return wrongs.map((wrong) =>
        findingAt(event, walletNamedIn(event) ?? walletIdOf(after), wrong),
      );
    },
    /** What the whole fold says of itself; asked when a stream has been read to its end. */
    whole: (): readonly Wrong[] => (knownOfHolds ? [] : holdsAgainstLots(state)),
    /** Corrections of settlements that were not among the events. */
    open: corrections.unknown,
    /** What is posted and held, in every asset. */
    balances: (): readonly Pick<Balance, 'asset' | 'posted' | 'held'>[] => balances(state, ''),
    state: (): Wallet => state,
    last: (): Recorded<WalletEvent> | undefined => previous,
  };
}

const walletIdOf = ({ opened }: Wallet): string | null => opened?.walletId ?? null;

/** No lot has less than nothing, and nobody owes less (I3). */
function belowZero(event: WalletEvent, { lots, owed, overdrawn }: Wallet): readonly Wrong[] {
  const parts = lotsNamed(event).flatMap((id) => {
    const lot = lots.get(id);
    return lot && (lot.free.isNegative() || lot.held.isNegative()) ? [`Lot ${id}`] : [];
  });
  if (owed.isNegative() || overdrawn.isNegative()) parts.push('What is owed');
  return parts.map((what) => ({ invariant: 'I3', what: `${what} is below zero.` }));
}

/** Open holds are what lots, and the overdraft, have as held (I4). */
function holdsAgainstLots({ holds, lots, overdrawn, opened }: Wallet): readonly Wrong[] {
  const byHolds = new Map<Asset, Decimal>();
  for (const { asset, amount } of holds.values()) {
    byHolds.set(asset, (byHolds.get(asset) ?? zero).plus(amount));
  }
  const all = lots.values();
  const assets = new Set([...byHolds.keys(), ...all.map(({ asset }) => asset)]);
  return [...assets].flatMap((asset): readonly Wrong[] => {
    const drawn = asset === opened?.currency ? overdrawn : zero;
    const held = sum(all.filter((lot) => lot.asset === asset).map((lot) => lot.held)).plus(drawn);
    const open = byHolds.get(asset) ?? zero;
    if (held.eq(open)) return [];
    const what = `Open holds are ${canonical(open)} ${asset}, its lots hold ${canonical(held)}.`;
    return [{ invariant: 'I4', what }];
  });
}

export interface ReadBalance {
  readonly asset: Asset;
  readonly posted: string;
  readonly held: string;
}

/** Where a read model has other balances than the fold of the same events (I2). */
export function balanceWrongs(
  fold: readonly Pick<Balance, 'asset' | 'posted' | 'held'>[],
  rows: readonly ReadBalance[],
): readonly Wrong[] {
  const assets = new Set([...fold, ...rows].map(({ asset }) => asset));
  return [...assets].flatMap((asset): readonly Wrong[] => {
    const folded = fold.find((each) => each.asset === asset) ?? { posted: zero, held: zero };
    const read = rows.find((each) => each.asset === asset) ?? { posted: '0', held: '0' };
    if (folded.posted.eq(read.posted) && folded.held.eq(read.held)) return [];
    const what =
      `The read model has ${canonical(money(read.posted))} ${asset} and ` +
      `${canonical(money(read.held))} held, ` +
      `the fold ${canonical(folded.posted)} and ${canonical(folded.held)}.`;
    return [{ invariant: 'I2', what }];
  });
}

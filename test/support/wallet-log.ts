import { decoder } from '../../src/adapters/eventstore/fold.ts';
import type { StoredEvent } from '../../src/domain/events.ts';
import { currentVersionOf } from '../../src/domain/events.ts';
import { eventIdOf } from '../../src/domain/ids.ts';
import { Rejection } from '../../src/domain/rejection.ts';
import { walletAudit } from '../../src/domain/wallet/audit.ts';
import { walletBooks } from '../../src/domain/wallet/books.ts';
import type { WalletCommand } from '../../src/domain/wallet/commands.ts';
import { wallet } from '../../src/domain/wallet/decider.ts';
import type { WalletEvent } from '../../src/domain/wallet/events.ts';
import { walletEvents } from '../../src/domain/wallet/events.ts';
import type { Finding } from '../../src/domain/wallet/finding.ts';
import type { Wallet } from '../../src/domain/wallet/wallet.ts';
import { emptyWallet } from '../../src/domain/wallet/wallet.ts';
import { commandOf } from './step-command.ts';
import type { Step } from './wallet-steps.ts';
import { noon, walletId } from './wallets.ts';

export const decodeWallet = decoder<WalletEvent>({ events: walletEvents });

/** Writes a wallet's events as the log would have them. */
function walletWriter(start: string) {
  const stored: StoredEvent[] = [];
  const events: WalletEvent[] = [];
  let state: Wallet = emptyWallet;
  let stream = `wallet-${walletId}@0`;
  let at = start;

  const write = (commandId: string, index: number, event: WalletEvent) => {
    const last = stored.at(-1);
    const v = currentVersionOf(event.type);
    const envelope = { v, commandId, $correlationId: commandId, source: 'test' };
    stored.push({
      id: eventIdOf(commandId, index),
      stream,
      revision: last?.stream === stream ? last.revision + 1n : 0n,
      position: BigInt(stored.length) * 10n,
      type: event.type,
      data: JSON.parse(JSON.stringify(event.data)),
      metadata: {
        ...{ ...envelope, recordedAt: at, effectiveAt: at },
        actor: { type: 'system', id: 'test' },
      },
    });
    events.push(event);
    state = wallet.evolve(state, event);
  };

  return {
    stored,
    events,
    state: () => state,
    now: () => at,
    /** A refused command leaves nothing. */
    run(command: WalletCommand): void {
      at = 'at' in command ? command.at : at;
      const commandId = `command ${stored.length}`;
      for (const [index, event] of decided(command, state).entries()) {
        write(commandId, index, event);
      }
    },
    /** The books are closed and opened anew. */
    roll(): void {
      if (!state.opened) return;
      const closed = walletBooks.close(state, { stream, at });
      write(`close/${stream}`, 0, closed);
      if (closed.type === 'WalletPeriodClosed') stream = closed.data.next;
      write(`open/${stream}`, 0, walletBooks.open(closed));
    },
  };
}

function decided(command: WalletCommand, state: Wallet): readonly WalletEvent[] {
  try {
    return wallet.decide(command, state);
  } catch (error) {
    if (error instanceof Rejection) return [];
    throw error;
  }
}

/** A wallet's log after these commands; `roll` closes the books. */
export function walletLog(...steps: readonly (WalletCommand | 'roll')[]): readonly StoredEvent[] {
  const writer = walletWriter(noon);
  for (const step of steps) {
    if (step === 'roll') writer.roll();
    else writer.run(step);
  }
  return writer.stored;
}

/** A wallet's log after any random steps. */
export function randomWalletLog(steps: readonly Step[]): readonly StoredEvent[] {
  const writer = walletWriter('2026-01-30T23:58:30.000Z');
  const calls: string[] = [];
  const claimed = new Set<string>();
  let at = writer.now();
  for (const [number, step] of steps.entries()) {
    at = new Date(Date.parse(at) + step.after).toISOString();
    if (step.do === 'roll') writer.roll();
    if (step.do === 'roll' || step.do === 'snapshot' || step.do === 'refold') continue;
    const { holds, swept } = writer.state();
    const open = holds.entries().map(([id]) => id);
    const { events } = writer;
    const command = commandOf(step, { at, calls, open, swept: [...swept.keys()], events, number });
    if (command.type === 'ReserveCredit') calls.push(command.call.callId);
    if (isFirst(command, claimed)) writer.run(command);
  }
  return writer.stored;
}

/** Grants and corrections are claimed before they run, so that they run once however long ago that was. */
function isFirst(command: WalletCommand, claimed: Set<string>): boolean {
  if (command.type !== 'GrantCredit' && command.type !== 'CorrectUsage') return true;
  const claim = command.type === 'GrantCredit' ? command.lotId : command.eventId;
  const known = claimed.has(claim);
  claimed.add(claim);
  return !known;
}

/** All that the audit of these events finds. */
export function audited(events: readonly StoredEvent[]): readonly Finding[] {
  const audit = walletAudit();
  const findings = events.flatMap((event) => audit.take(decodeWallet(event)));
  const whole = audit.whole().map(({ invariant, what }) => ({
    ...{ invariant, what, wallet: walletId, eventId: null, position: null },
  }));
  return [...findings, ...whole];
}

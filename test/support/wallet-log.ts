import { decoder } from '../../src/adapters/eventstore/fold.ts';
import type { StoredEvent } from '../../src/domain/events.ts';
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
import { noon, walletId } from './wallets.ts';

/** `roll`: the books are closed and opened anew. */
export type WalletStep = WalletCommand | 'roll';

export const decodeWallet = decoder<WalletEvent>({ events: walletEvents });

/** A wallet's events as the log would have them after these commands; refused ones leave nothing. */
export function walletLog(...steps: readonly WalletStep[]): readonly StoredEvent[] {
  const stored: StoredEvent[] = [];
  let state: Wallet = emptyWallet;
  let stream = `wallet-${walletId}@0`;
  let at = noon;

  const write = (commandId: string, index: number, event: WalletEvent) => {
    const last = stored.at(-1);
    stored.push({
      id: eventIdOf(commandId, index),
      stream,
      revision: last?.stream === stream ? last.revision + 1n : 0n,
      position: BigInt(stored.length) * 10n,
      type: event.type,
      data: JSON.parse(JSON.stringify(event.data)),
      metadata: {
        v: 1,
        commandId,
        $correlationId: commandId,
        actor: { type: 'system', id: 'test' },
        recordedAt: at,
        effectiveAt: at,
        source: 'test',
      },
    });
    state = wallet.evolve(state, event);
  };

  const roll = () => {
    if (!state.opened) return;
    const closed = walletBooks.close(state, { stream, at });
    write(`close/${stream}`, 0, closed);
    if (closed.type === 'WalletPeriodClosed') stream = closed.data.next;
    write(`open/${stream}`, 0, walletBooks.open(closed));
  };

  for (const [place, step] of steps.entries()) {
    if (step === 'roll') {
      roll();
      continue;
    }
    at = 'at' in step ? step.at : at;
    for (const [index, event] of decided(step, state).entries())
      write(`step ${place}`, index, event);
  }
  return stored;
}

function decided(command: WalletCommand, state: Wallet): readonly WalletEvent[] {
  try {
    return wallet.decide(command, state);
  } catch (error) {
    if (error instanceof Rejection) return [];
    throw error;
  }
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

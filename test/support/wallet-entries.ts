import type { Recorded } from '../../src/domain/events.ts';
import { decode } from '../../src/domain/events.ts';
import { Rejection } from '../../src/domain/rejection.ts';
import { streamOf } from '../../src/domain/streams.ts';
import { walletBooks } from '../../src/domain/wallet/books.ts';
import type { WalletCommand } from '../../src/domain/wallet/commands.ts';
import { wallet } from '../../src/domain/wallet/decider.ts';
import type { WalletEvent } from '../../src/domain/wallet/events.ts';
import { walletEvents } from '../../src/domain/wallet/events.ts';
import type { Wallet } from '../../src/domain/wallet/wallet.ts';
import { stored } from './recorded.ts';
import { noon, walletId } from './wallets.ts';

type Entry = Recorded<WalletEvent>;

/** A step of a wallet's history: a command, or the end of its stream. */
export type Step = WalletCommand | { readonly type: 'roll'; readonly at: string };

/** What steps write, in streams that continue each other; what is refused writes nothing. */
export function entriesOf(steps: readonly Step[]): readonly Entry[] {
  const entries: Entry[] = [];
  let state = wallet.initialState;
  let period = 0n;
  let revision = 0n;
  const write = (event: WalletEvent, at: string) => {
    const place = {
      position: BigInt(entries.length) * 3n,
      stream: streamOf.wallet(walletId, period),
    };
    entries.push(entryOf(event, { ...place, revision, at }));
    state = wallet.evolve(state, event);
    revision += 1n;
  };
  for (const step of steps) {
    if (step.type !== 'roll') {
      for (const event of decided(step, state)) write(event, 'at' in step ? step.at : noon);
    } else if (state.opened) {
      const closed = walletBooks.close(state, {
        stream: streamOf.wallet(walletId, period),
        at: step.at,
      });
      write(closed, step.at);
      period += 1n;
      revision = 0n;
      write(walletBooks.open(closed), step.at);
    }
  }
  return entries;
}

function decided(command: WalletCommand, state: Wallet): readonly WalletEvent[] {
  try {
    return wallet.decide(command, state);
  } catch (error) {
    if (error instanceof Rejection) return [];
    throw error;
  }
}

function entryOf(event: WalletEvent, place: Parameters<typeof stored>[1]): Entry {
  const entry = decode(stored(event, place));
  if (!isWallets(entry)) throw new TypeError(`${entry.type} is no event of a wallet.`);
  return entry;
}

const isWallets = (event: Recorded): event is Entry => Object.hasOwn(walletEvents, event.type);

import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import type { Books } from '../books.ts';
import { fromBook, toBook, WalletBook } from './book.ts';
import type { WalletEvent } from './events.ts';
import { windowOf } from './limits.ts';
import { isRateKey } from './rates.ts';
import type { Wallet } from './wallet.ts';
import { livingCounters, remembered } from './wallet.ts';

/** A wallet's streams are closed by its first command in a later month, or when they are long. */
export const walletBooks: Books<WalletEvent, Wallet> = {
  next: ({ next }) => next,
  due: ({ opened }, { at, last, events, mostEvents }) =>
    opened !== null && (events >= mostEvents || windowOf('month', at) > windowOf('month', last)),
  close(wallet, { stream, at }) {
    const state = toBook(current(wallet, at));
    if (!state) throw new Error(`${stream} has nothing to close.`);
    const { walletId } = state;
    const data = { walletId, state, hash: hashOf(state), next: streamAfter(stream) };
    return { type: 'WalletPeriodClosed', data };
  },
  open(closed) {
    if (closed.type !== 'WalletPeriodClosed') throw new Error(`${closed.type} closes nothing.`);
    const { walletId, state, hash } = closed.data;
    const { owner, currency } = state;
    return { type: 'WalletPeriodOpened', data: { walletId, owner, currency, state, hash } };
  },
  save: toBook,
  restore(saved) {
    const book = WalletBook.safeParse(saved);
    return book.success ? fitting(book.data) : undefined;
  },
};

/** Undefined for a book that names what isn't in it: a cache may be wrong, the log is not. */
function fitting(book: WalletBook): Wallet | undefined {
  try {
    return fromBook(book);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** What a state hashes to; it holds the hash before, so that none can be changed alone. */
export const hashOf = (state: WalletBook): string =>
  bytesToHex(sha256(utf8ToBytes(JSON.stringify(WalletBook.parse(state)))));

/** The state without what has become meaningless by itself. */
const current = (wallet: Wallet, at: string): Wallet => ({
  ...wallet,
  swept: remembered(wallet, at),
  counters: new Map(
    [...livingCounters(wallet, at)].filter(([key, { window }]) => {
      const limit = wallet.limits.get(key);
      return limit ? windowOf(limit.window, at) === window : isRateKey(key);
    }),
  ),
});

/** `wallet-…@n` goes on in `wallet-…@n+1`. */
function streamAfter(stream: string): string {
  const at = stream.lastIndexOf('@');
  return `${stream.slice(0, at)}@${BigInt(stream.slice(at + 1)) + 1n}`;
}

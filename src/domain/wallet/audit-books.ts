import type { Recorded } from '../events.ts';
import type { Step } from './audit-calls.ts';
import { hashOf, walletBooks } from './books.ts';
import type { WalletEvent } from './events.ts';
import { walletNamedIn } from './events.ts';
import type { Wrong } from './finding.ts';
import type { Wallet } from './wallet.ts';

const books = (what: string): Wrong => ({ invariant: 'books', what });

/** Where the stream of a wallet is not the whole one, or not one that follows. */
export function bookWrongs(
  { before, event, after }: Step,
  previous: Recorded<WalletEvent> | undefined,
): readonly Wrong[] {
  const wrongs = [
    ...placeWrongs(event, { before, previous }),
    ...nameWrongs({ before, event, after }),
  ];
  if (event.type === 'WalletPeriodClosed')
    wrongs.push(...closeWrongs(event.data, { before, event }));
  if (event.type === 'WalletPeriodOpened') {
    wrongs.push(...openWrongs(event.data, before.opened ? previous : undefined));
  }
  return wrongs;
}

function nameWrongs({ before, event, after }: Step): readonly Wrong[] {
  const walletId = walletNamedIn(event);
  const opened = before.opened ?? after.opened;
  if (walletId === null) return [];
  if (!opened) return [books(`${event.type} comes before the wallet is opened.`)];
  return opened.walletId === walletId ? [] : [books(`It names the wallet ${walletId}.`)];
}

function placeWrongs(
  { stream, revision, type }: Recorded<WalletEvent>,
  { before, previous }: { readonly before: Wallet; readonly previous: Step['event'] | undefined },
): readonly Wrong[] {
  const isNext = previous?.stream === stream;
  const expected = isNext ? previous.revision + 1n : 0n;
  if (revision !== expected) return [books(`${stream} has ${revision} where ${expected} belongs.`)];
  const isBehindFence = isNext && previous.type === 'WalletPeriodClosed';
  if (isBehindFence) return [books(`${type} follows the end of ${stream}.`)];
  // What a wallet refuses before it is opened stands before its opening.
  const mayBeUnopened = before.opened === null && stream.endsWith('@0');
  const isInPlace =
    type === 'WalletPeriodOpened'
      ? revision === 0n || mayBeUnopened
      : revision > 0n || (type === 'CommandRefused' && mayBeUnopened);
  return isInPlace ? [] : [books(`${type} stands at ${stream} ${revision}.`)];
}

function closeWrongs(
  { state, hash, next }: Extract<WalletEvent, { type: 'WalletPeriodClosed' }>['data'],
  { before, event }: Pick<Step, 'before' | 'event'>,
): readonly Wrong[] {
  if (hashOf(state) !== hash) return [books('The hash of a closing state is another one.')];
  if (!before.opened) return [];
  const { stream, meta } = event;
  const closed = walletBooks.close(before, { stream, at: meta.recordedAt });
  if (closed.type !== 'WalletPeriodClosed') return [];
  const wrongs: Wrong[] = [];
  if (closed.data.hash !== hash)
    wrongs.push(books('A closing state is not the fold of its stream.'));
  if (closed.data.next !== next) wrongs.push(books(`${stream} goes on in ${next}.`));
  return wrongs;
}

/** A later stream begins with what the one before ended with, as far as that one was read. */
function openWrongs(
  { state, hash }: Extract<WalletEvent, { type: 'WalletPeriodOpened' }>['data'],
  previous: Recorded<WalletEvent> | undefined,
): readonly Wrong[] {
  const isFirst = state === null && hash === null;
  if (!previous) {
    const isWhole = isFirst || (state !== null && hashOf(state) === hash);
    return isWhole ? [] : [books('The hash of an opening state is another one.')];
  }
  if (previous.type !== 'WalletPeriodClosed') return [books('It follows a stream that is open.')];
  const goesOn = state !== null && hash === previous.data.hash && hashOf(state) === hash;
  return goesOn ? [] : [books('It does not begin with what the stream before ended with.')];
}

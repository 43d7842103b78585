import type { Recorded } from '../events.ts';
import type { Step } from './audit-calls.ts';
import { hashOf, walletBooks } from './books.ts';
import type { WalletEvent } from './events.ts';
import type { Wrong } from './finding.ts';

const books = (what: string): Wrong => ({ invariant: 'books', what });

/** Where the stream of a wallet is not the whole one, or not one that follows. */
export function bookWrongs(
  { before, event, after }: Step,
  previous: Recorded<WalletEvent> | undefined,
): readonly Wrong[] {
  const wrongs = [...placeWrongs(event, previous)];
  const { walletId } = event.data;
  const opened = before.opened ?? after.opened;
  if (!opened) wrongs.push(books(`${event.type} comes before the wallet is opened.`));
  else if (opened.walletId !== walletId) wrongs.push(books(`It names the wallet ${walletId}.`));
  if (event.type === 'WalletPeriodClosed')
    wrongs.push(...closeWrongs(event.data, { before, event }));
  if (event.type === 'WalletPeriodOpened') wrongs.push(...openWrongs(event.data, previous));
  return wrongs;
}

function placeWrongs(
  { stream, revision, type }: Recorded<WalletEvent>,
  previous: Recorded<WalletEvent> | undefined,
): readonly Wrong[] {
  const isNext = previous?.stream === stream;
  const expected = isNext ? previous.revision + 1n : 0n;
  if (revision !== expected) return [books(`${stream} has ${revision} where ${expected} belongs.`)];
  const isBehindFence = isNext && previous.type === 'WalletPeriodClosed';
  if (isBehindFence) return [books(`${type} follows the end of ${stream}.`)];
  const isOpening = type === 'WalletPeriodOpened';
  return isOpening === (revision === 0n) ? [] : [books(`${type} stands at ${stream} ${revision}.`)];
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

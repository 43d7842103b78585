import type { Recorded } from '../../domain/events.ts';
import { streamOf } from '../../domain/streams.ts';
import type { WalletEvent } from '../../domain/wallet/events.ts';
import { walletEvents } from '../../domain/wallet/events.ts';
import { decoder } from './fold.ts';
import type { Log } from './log.ts';

/** All of a wallet's events, oldest first, through all its streams. */
export type WalletHistory = (walletId: string) => AsyncIterable<Recorded<WalletEvent>>;

const decode = decoder<WalletEvent>({ events: walletEvents });

export const walletHistory = (log: Pick<Log, 'read'>): WalletHistory =>
  async function* events(walletId) {
    let stream: string | undefined = streamOf.wallet(walletId);
    while (stream !== undefined) {
      let next: string | undefined;
      for await (const stored of log.read(stream)) {
        const event = decode(stored);
        if (event.type === 'WalletPeriodClosed') next = event.data.next;
        yield event;
      }
      stream = next;
    }
  };

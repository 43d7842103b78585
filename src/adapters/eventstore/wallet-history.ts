import type { Recorded } from '../../domain/events.ts';
import { streamOf } from '../../domain/streams.ts';
import type { WalletEvent } from '../../domain/wallet/events.ts';
import { walletEvents } from '../../domain/wallet/events.ts';
import { decoder } from './fold.ts';
import type { Log } from './log.ts';

/** A wallet's events, the oldest first, from one of its streams on through all that continue it. */
export type WalletHistory = (
  walletId: string,
  fromPeriod?: bigint,
) => AsyncIterable<Recorded<WalletEvent>>;

export function walletHistory(log: Pick<Log, 'read'>): WalletHistory {
  const decode = decoder<WalletEvent>({ events: walletEvents });
  return async function* read(walletId, fromPeriod) {
    let stream: string | null = streamOf.wallet(walletId, fromPeriod);
    while (stream !== null) {
      let next: string | null = null;
      for await (const stored of log.read(stream)) {
        const event: Recorded<WalletEvent> = decode(stored);
        if (event.type === 'WalletPeriodClosed') next = event.data.next;
        yield event;
      }
      stream = next;
    }
  };
}

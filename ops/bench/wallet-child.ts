import { pino } from 'pino';
import { z } from 'zod';
import { eventStoreDbLog } from '../../src/adapters/eventstore/eventstoredb.ts';
import { runners } from '../../src/adapters/eventstore/runners.ts';
import { pairsIn, putPairs } from './wallet-load.ts';

/** A second process on the same wallet: warms up, says so, and puts its load on a word. */
const Start = z.object({
  url: z.string(),
  walletId: z.string(),
  lanes: z.int(),
  seconds: z.number(),
});

process.once('message', (message) => {
  void work(Start.parse(message));
});

async function work({ url, walletId, lanes, seconds }: z.infer<typeof Start>): Promise<void> {
  const { signal } = new AbortController();
  const log = eventStoreDbLog({ url, log: pino({ level: 'silent' }), signal });
  const { wallet } = runners({ log, clock: () => new Date() });
  const warm = await putPairs(wallet, { lanes, wallets: [walletId], seconds: 1 });
  process.send?.({ ready: true });
  process.once('message', async () => {
    const loaded = await putPairs(wallet, { lanes, wallets: [walletId], seconds });
    const report = {
      pairs: pairsIn(loaded),
      warm: pairsIn(warm),
      latencies: loaded.latencies,
      unknown: loaded.unknown,
      seconds: loaded.seconds,
    };
    // A long message is on its way for a while, and would end with the channel.
    await new Promise((sent) => process.send?.(report, sent));
    await log.close();
    process.disconnect();
  });
}

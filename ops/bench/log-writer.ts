import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { z } from 'zod';
import { eventStoreDbLog } from '../../src/adapters/eventstore/eventstoredb.ts';
import { generatedLog } from './generated-log.ts';

/** What the writer of the log is told to do. */
export type Order =
  | { readonly do: 'fill'; readonly events: number }
  | { readonly do: 'go on'; readonly eventsPerSecond: number; readonly seconds: number };

/** What it has done: `seen` of single appends, when each was acknowledged, in ms of the machine's clock. */
export type Written =
  | {
      readonly kind: 'done';
      readonly written: number;
      readonly last: string;
      readonly perSecond: number;
    }
  | { readonly kind: 'seen'; readonly last: string; readonly atMs: number };

const eventsAStep = 2;
const mostPending = 500;

/** A process of its own, so that what it keeps of its wallets weighs on nobody who is measured. */
const { logUrl, wallets } = z
  .object({ logUrl: z.string(), wallets: z.int().positive() })
  .parse(JSON.parse(process.argv[2] ?? ''));
const { signal } = new AbortController();
const eventLog = eventStoreDbLog({ url: logUrl, log: pino({ level: 'silent' }), signal });
const generated = generatedLog(eventLog, wallets);
const tell = (message: Written) => process.send?.(message);

/** Steps at a steady pace, or as fast as the log takes them; tells of each when it is in the log. */
async function goOn(eventsPerSecond: number, seconds: number): Promise<void> {
  const started = performance.now();
  const pending = new Set<Promise<void>>();
  let steps = 0;
  while (performance.now() - started < seconds * 1_000) {
    const due = ((performance.now() - started) * eventsPerSecond) / (eventsAStep * 1_000);
    for (; steps < due && pending.size < mostPending; steps += 1) {
      const one = generated.step().then(() => {
        tell({ kind: 'seen', last: String(generated.last()), atMs: Date.now() });
        pending.delete(one);
      });
      pending.add(one);
    }
    await sleep(2);
  }
  await Promise.all(pending);
}

process.on('message', (order: Order) => {
  const since = performance.now();
  const before = generated.written();
  const work =
    order.do === 'fill' ? generated.upTo(order.events) : goOn(order.eventsPerSecond, order.seconds);
  void work.then(() => {
    const written = generated.written();
    const perSecond = ((written - before) * 1_000) / (performance.now() - since);
    tell({ kind: 'done', written, last: String(generated.last()), perSecond });
  });
});
process.on('disconnect', () => process.exit());
process.send?.('ready');

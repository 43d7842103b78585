import test from 'ava';
import { pino } from 'pino';
import { z } from 'zod';
import { runners } from '../../../src/adapters/eventstore/runners.ts';
import { expiry } from '../../../src/adapters/postgres/expiry.ts';
import { callJournal } from '../../../src/adapters/postgres/journal.ts';
import { openWork } from '../../../src/adapters/postgres/open-work.ts';
import { nameId } from '../../../src/domain/ids.ts';
import { Decimal } from '../../../src/domain/money.ts';
import { streamOf } from '../../../src/domain/streams.ts';
import type { WalletCommand } from '../../../src/domain/wallet/commands.ts';
import { query } from '../../../src/projections/query.ts';
import { memoryLog } from '../../support/memory-log.ts';
import { contextOf } from '../../support/purse.ts';
import { feedFrom, reached, readDatabase } from '../../support/read-side.ts';
import { grantOf, releaseOf, reserveOf, settleOf, walletId } from '../../support/wallets.ts';

const log = pino({ level: 'silent' });

/** A wallet with a lot that ends at one o'clock and one that doesn't; it is noon. */
async function scene(t: Parameters<typeof readDatabase>[0]) {
  const { url, pool } = await readDatabase(t);
  const eventLog = memoryLog();
  let now = new Date('2026-01-01T12:00:00.000Z');
  const clock = () => now;
  const { wallet } = runners({ log: eventLog, clock });
  const feed = feedFrom(t, url, eventLog);
  const run = async (id: string, command: WalletCommand) => {
    const { position } = await wallet.run(
      streamOf.wallet(walletId),
      (at) => ({ ...command, at }),
      contextOf(id),
    );
    if (position !== null) await reached(feed, position);
  };
  await run(
    'short',
    grantOf('1', { lotId: nameId('short'), expiresAt: '2026-01-01T13:00:00.000Z' }),
  );
  await run('long', grantOf('2', { lotId: nameId('long') }));
  const { expire } = expiry({ pool, wallet, clock, log });
  const settled = () => reached(feed, BigInt(eventLog.events.length - 1));
  return {
    pool,
    eventLog,
    run,
    expire,
    settled,
    at: (time: string) => {
      now = new Date(`2026-01-01T${time}:00.000Z`);
    },
    lots: () => pool.any(lotsThere),
    last: () => eventLog.events.at(-1),
  };
}

const Lot = z.object({
  granted: z.string(),
  held: z.string(),
  used: z.string(),
  expired: z.string(),
});
const lotsThere = query(Lot)`
  SELECT trim_scale(granted)::text AS granted, trim_scale(held)::text AS held,
         trim_scale(consumed)::text AS used, trim_scale(expired)::text AS expired
  FROM read.lots ORDER BY granted`;

test('a lot’s end is written down once its time is over, once', async (t) => {
  const { expire, at, eventLog, last, settled, lots } = await scene(t);
  at('12:59');
  t.is(await expire(), 0);
  at('13:00');
  t.is(await expire(), 1);
  t.is(last()?.type, 'CreditExpired');
  t.like(last()?.data, { lotId: nameId('short'), amount: '1' });
  const written = eventLog.events.length;
  t.is(await expire(), 0, 'also while the read model is late');
  await settled();
  t.is(await expire(), 0);
  t.is(eventLog.events.length, written);
  t.deepEqual(await lots(), [
    { granted: '1', held: '0', used: '0', expired: '1' },
    { granted: '2', held: '0', used: '0', expired: '0' },
  ]);
});

test('the end of an allowance that blocks is written down though it is used up, once', async (t) => {
  const { run, expire, at, last, settled } = await scene(t);
  const ends = { expiresAt: '2026-01-01T12:30:00.000Z', past: 'block' } as const;
  const lotId = nameId('allowance');
  await run('allowance', grantOf('1', { asset: 'requests', kind: 'plan', lotId, ...ends }));
  const quotes = [{ asset: 'requests', fixed: new Decimal(1), perOutput: new Decimal(0) }] as const;
  await run('a', reserveOf('a', { quotes }));
  await run('settle', settleOf('a', { input: 1 }));
  await settled();
  t.is(await expire(), 0);
  at('12:30');
  t.is(await expire(), 1);
  t.like(last(), { type: 'CreditExpired', data: { lotId, amount: '0' } });
  await settled();
  t.is(await expire(), 0);
});

test('the read model knows what is held of a lot, consumed of it, and returned to it', async (t) => {
  const { run, lots, settled } = await scene(t);
  await run('a', reserveOf('a'));
  await run('b', reserveOf('b'));
  t.deepEqual((await lots())[0], { granted: '1', held: '0.0008', used: '0', expired: '0' });
  await run('settle', settleOf('a', { input: 10 }));
  await run('release', releaseOf('b'));
  await settled();
  t.deepEqual((await lots())[0], { granted: '1', held: '0', used: '0.00001', expired: '0' });
});

test('open holds are counted by age, and the journal’s rows', async (t) => {
  const { pool, run } = await scene(t);
  await run('a', reserveOf('a'));
  const journal = callJournal({ pool, log });
  const work = openWork({ pool, journal });
  t.teardown(work.close);
  t.is(work.now(), undefined);
  await work.look();
  const holds = work.now()?.holds ?? {};
  t.is(
    Object.values(holds).reduce((sum, each) => sum + each, 0),
    1,
  );
  t.deepEqual(Object.keys(holds), ['10s', '1m', '10m', 'older']);
  t.is(work.now()?.journalRows, 0);
  await journal.close();
});

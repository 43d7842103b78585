import { randomUUID } from 'node:crypto';
import test from 'ava';
import { pino } from 'pino';
import { runners } from '../../../src/adapters/eventstore/runners.ts';
import { goneCalls } from '../../../src/adapters/postgres/gone-calls.ts';
import { callJournal } from '../../../src/adapters/postgres/journal.ts';
import { overdueFirst } from '../../../src/adapters/postgres/overdue.ts';
import { Decimal } from '../../../src/domain/money.ts';
import { streamOf } from '../../../src/domain/streams.ts';
import { statement } from '../../../src/projections/query.ts';
import { memoryLog } from '../../support/memory-log.ts';
import { contextOf } from '../../support/purse.ts';
import { readDatabase } from '../../support/read-side.ts';
import { grantOf, reserveOf, walletId } from '../../support/wallets.ts';

const silent = pino({ level: 'silent' });
const stream = streamOf.wallet(walletId);

const mayCost = {
  ...{ upstream: 'openai', asset: 'USD' },
  ...{ fixed: new Decimal('0.0001'), perOutput: new Decimal('0.000001') },
};

/** A wallet whose whole credit a process that is gone holds, met by another process. */
async function scene(t: Parameters<typeof readDatabase>[0]) {
  const { pool } = await readDatabase(t);
  const log = memoryLog();
  const clock = () => new Date('2026-01-01T12:00:00.000Z');
  const first = runners({ log, clock }).wallet;
  const gone = randomUUID();
  await first.run(stream, () => grantOf('0.0004'), contextOf('grant'));
  await first.run(stream, () => reserveOf('a', { processId: gone, mayCost }), contextOf('a'));
  const journal = callJournal({ pool, log: silent });
  t.teardown(journal.close);
  const own = { steady: 10_000 };
  const met = (overPool = pool) =>
    overdueFirst(runners({ log, clock }).wallet, {
      gone: goneCalls(overPool),
      lease: { held: () => true, steadyForMs: () => own.steady },
      processId: randomUUID(),
      testimony: journal,
      overrun: 'absorbed',
      clock,
      log: silent,
    });
  const types = () => log.events.map(({ type }) => type);
  return { pool, log, gone, own, met, types };
}

test('a wallet’s overdue holds are resolved before its first command', async (t) => {
  const { met, types, log } = await scene(t);
  const wallet = met();
  await wallet.run(stream, () => reserveOf('b'), contextOf('b'));
  t.deepEqual(types().slice(-2), ['ReservationExpired', 'CreditReserved']);
  const possibleCosts = [{ upstream: 'openai', asset: 'USD', amount: '0.0002' }];
  t.like(log.events.at(-2)?.data, { possibleCosts });
});

test('looking at a wallet resolves them too', async (t) => {
  const { met } = await scene(t);
  t.is((await met().load(stream)).state.holds.size, 0);
});

test('holds of a process that lives stay', async (t) => {
  const { met, pool, gone, types } = await scene(t);
  await pool.query(statement`
    INSERT INTO feed.leases (process_id, expires_at)
    VALUES (${gone}, clock_timestamp() + interval '1 minute')`);
  await t.throwsAsync(met().run(stream, () => reserveOf('b'), contextOf('b')));
  t.false(types().includes('ReservationExpired'));
});

test('nobody is judged until our own lease is steady; then it is looked again', async (t) => {
  const { met, own } = await scene(t);
  own.steady = 9_999;
  const wallet = met();
  t.is((await wallet.load(stream)).state.holds.size, 1);
  own.steady = 10_000;
  await new Promise((resolve) => setTimeout(resolve, 1_100));
  t.is((await wallet.load(stream)).state.holds.size, 0);
});

test('without Postgres commands run all the same', async (t) => {
  const { met, pool } = await scene(t);
  const never = { ...pool, any: () => new Promise<never>(() => undefined) };
  const fails = { ...pool, any: () => Promise.reject(new Error('away')) };
  for (const broken of [never, fails]) {
    const wallet = met(broken);
    const lotId = randomUUID();
    const granted = await wallet.run(stream, () => grantOf('1', { lotId }), contextOf(lotId));
    t.is(granted.state.holds.size, 1);
  }
});

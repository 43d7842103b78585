import test from 'ava';
import { pino } from 'pino';
import { z } from 'zod';
import { runners } from '../../../src/adapters/eventstore/runners.ts';
import type { Snapshot } from '../../../src/adapters/eventstore/snapshots.ts';
import { snapshots } from '../../../src/adapters/postgres/snapshots.ts';
import { nameId } from '../../../src/domain/ids.ts';
import { streamOf } from '../../../src/domain/streams.ts';
import { toBook } from '../../../src/domain/wallet/book.ts';
import { query, statement } from '../../../src/projections/query.ts';
import { eventually } from '../../support/eventually.ts';
import { memoryLog } from '../../support/memory-log.ts';
import { contextOf } from '../../support/purse.ts';
import { readDatabase } from '../../support/read-side.ts';
import { grantOf, reserveOf, walletId } from '../../support/wallets.ts';

const first = 'wallet-1@0';
const silent = pino({ level: 'silent' });
const snapshot: Snapshot = {
  stream: 'wallet-1@3',
  revision: 9_007_199_254_740_993n,
  eventId: nameId('last'),
  at: '2025-01-01T00:00:00.000Z',
  format: 1,
  state: { b: ['0.123456789012'], a: null },
};

test('a snapshot comes back as it was saved, and the newest replaces it', async (t) => {
  const { pool } = await readDatabase(t);
  const kept = snapshots(pool, silent);
  t.is(await kept.load(first), null);
  await kept.save(first, snapshot);
  t.deepEqual(await kept.load(first), snapshot);
  const newer = { ...snapshot, revision: 3n, stream: 'wallet-1@4' };
  await kept.save(first, newer);
  t.deepEqual(await kept.load(first), newer);
  t.is(await kept.load('wallet-2@0'), null);
});

test('a Postgres that is away, or slow, is as if there were no snapshots', async (t) => {
  const fault = () => Promise.reject(new Error('away'));
  const away = snapshots({ maybeOne: fault, query: fault }, silent);
  t.is(await away.load(first), null);
  await t.notThrowsAsync(away.save(first, snapshot));
  const never = () => new Promise<never>(() => {});
  t.is(await snapshots({ maybeOne: never, query: never }, silent).load(first), null);
});

test('a wallet starts from its snapshot as it was, with its lots and holds', async (t) => {
  const { pool } = await readDatabase(t);
  const log = memoryLog();
  const stream = streamOf.wallet(walletId);
  const open = () =>
    runners({
      log,
      clock: () => new Date('2026-01-01T12:00:00.000Z'),
      snapshots: snapshots(pool, silent),
      mostResident: 1,
    }).wallet;
  const wallet = open();
  await wallet.run(stream, () => grantOf('100'), contextOf('grant'));
  await Promise.all(
    Array.from({ length: 60 }, (_, i) =>
      wallet.run(stream, () => reserveOf(`call${i}`), contextOf(`reserve${i}`)),
    ),
  );
  const { state } = await wallet.load(stream);
  const saved = query(z.object({ revision: z.string() }))`SELECT revision FROM feed.snapshots`;
  await eventually(async () => {
    await wallet.load(streamOf.wallet(nameId('other')));
    return (await pool.any(saved)).length === 1;
  });
  const cold = await open().load(stream);
  t.deepEqual(toBook(cold.state), toBook(state));
  t.is(cold.revision, 61n);
  await pool.query(statement`UPDATE feed.snapshots SET state = '[]'`);
  t.deepEqual(toBook((await open().load(stream)).state), toBook(state));
});

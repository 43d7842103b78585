import test from 'ava';
import { pino } from 'pino';
import { z } from 'zod';
import { processLease } from '../../../src/adapters/postgres/lease.ts';
import { query, statement } from '../../../src/projections/query.ts';
import { eventually } from '../../support/eventually.ts';
import { cut, outage } from '../../support/outage.ts';
import { readDatabase } from '../../support/read-side.ts';

const log = pino({ level: 'silent' });
const clock = () => new Date();
const Row = z.object({ process_id: z.string(), live: z.boolean() });
const leases = () => query(Row)`
  SELECT process_id, expires_at > clock_timestamp() AS live FROM feed.leases ORDER BY started_at`;

test('a process has a live lease until it closes it', async (t) => {
  const { url, pool } = await readDatabase(t);
  const lease = processLease({ databaseUrl: url, log, clock });
  await eventually(lease.held);
  t.deepEqual(await pool.any(leases()), [{ process_id: lease.processId, live: true }]);
  await lease.close();
  t.deepEqual(await pool.any(leases()), [{ process_id: lease.processId, live: false }]);
});

test('after an outage the same process has its lease again, and is not steady', async (t) => {
  const { url, pool } = await readDatabase(t);
  const lease = processLease({ databaseUrl: url, log, clock });
  t.teardown(lease.close);
  await eventually(() => lease.steadyForMs() > 0);
  const { end } = await outage(url);
  await eventually(() => lease.steadyForMs() === 0);
  await end();
  await eventually(() => lease.steadyForMs() > 0);
  const rows = await pool.any(leases());
  t.deepEqual(rows, [{ process_id: lease.processId, live: true }]);
});

test('a connection that breaks is noticed before the next renewal', async (t) => {
  const { url } = await readDatabase(t);
  const lease = processLease({ databaseUrl: url, log, clock });
  t.teardown(lease.close);
  await eventually(() => lease.steadyForMs() > 0);
  await cut(url);
  await eventually(() => lease.steadyForMs() === 0);
  t.true(lease.held());
});

test('leases that lapsed long ago are forgotten, younger ones are not', async (t) => {
  const { url, pool } = await readDatabase(t);
  await pool.query(statement`
    INSERT INTO feed.leases (process_id, expires_at) VALUES
      (gen_random_uuid(), now() - interval '25 hours'),
      ('00000000-0000-4000-8000-000000000000', now() - interval '23 hours')`);
  const lease = processLease({ databaseUrl: url, log, clock });
  t.teardown(lease.close);
  await eventually(lease.held);
  const ids = (await pool.any(leases())).map(({ process_id }) => process_id);
  t.deepEqual(ids.sort(), ['00000000-0000-4000-8000-000000000000', lease.processId].sort());
});

test('a clock that is off is noticed by how much, fast or slow', async (t) => {
  const { url } = await readDatabase(t);
  const dayMs = 24 * 60 * 60 * 1_000;
  for (const byMs of [0, dayMs, -dayMs]) {
    const off = () => new Date(Date.now() + byMs);
    const lease = processLease({ databaseUrl: url, log, clock: off });
    await eventually(lease.held);
    t.true(Math.abs(lease.clockOffMs() - Math.abs(byMs)) < 60_000, `${byMs}`);
    await lease.close();
  }
});

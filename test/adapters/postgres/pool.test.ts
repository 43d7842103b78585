import test from 'ava';
import { SchemaValidationError } from 'slonik';
import { z } from 'zod';
import { openPool } from '../../../src/adapters/postgres/pool.ts';
import { query } from '../../../src/projections/query.ts';
import { eventually } from '../../support/eventually.ts';
import { cut, outage } from '../../support/outage.ts';
import { testDatabase } from '../../support/postgres.ts';

async function pool(t: Parameters<typeof testDatabase>[0] & object) {
  const url = await testDatabase(t);
  const opened = await openPool(url);
  t.teardown(() => opened.end());
  return { url, pool: opened };
}

const Exact = z.object({
  amount: z.string(),
  amounts: z.array(z.string()),
  big: z.string(),
  at: z.string(),
  micro: z.string(),
  day: z.string(),
  json: z.object({ a: z.number() }),
});

test('amounts, big integers and times arrive exactly as they are', async (t) => {
  const { pool: reads } = await pool(t);
  t.deepEqual(
    await reads.one(query(Exact)`
      SELECT 12345678901234567890123456.123456789012::numeric AS amount,
             ARRAY[0.000000000001::numeric] AS amounts, 9007199254740993::int8 AS big,
             '2026-01-02 03:04:05+02'::timestamptz AS at,
             '2026-01-02 03:04:05.000001Z'::timestamptz AS micro,
             '2026-01-02'::date AS day, '{"a": 1}'::jsonb AS json`),
    {
      amount: '12345678901234567890123456.123456789012',
      amounts: ['0.000000000001'],
      big: '9007199254740993',
      at: '2026-01-02T01:04:05.000Z',
      micro: '2026-01-02T03:04:05.000001Z',
      day: '2026-01-02',
      json: { a: 1 },
    },
  );
});

test('a row that is not what the query promised is refused', async (t) => {
  const { pool: reads } = await pool(t);
  const Row = z.object({ n: z.string() });
  await t.throwsAsync(reads.any(query(Row)`SELECT 1 AS n`), { instanceOf: SchemaValidationError });
});

test('a row is what its schema makes of it', async (t) => {
  const { pool: reads } = await pool(t);
  const Row = z.object({ n: z.string().transform(Number) });
  t.deepEqual(await reads.any(query(Row)`SELECT '7' AS n, 'x' AS more`), [{ n: 7 }]);
});

test('the pool survives lost connections and an outage', async (t) => {
  const { url, pool: reads } = await pool(t);
  const Row = z.object({ n: z.int() });
  const ask = () => reads.oneFirst(query(Row)`SELECT 1 AS n`);
  await Promise.all(Array.from({ length: 8 }, ask));
  await cut(url);
  await eventually(() => ask().then(Boolean, () => false));
  const { end } = await outage(url);
  await t.throwsAsync(ask());
  await end();
  await eventually(() => ask().then(Boolean, () => false));
  t.deepEqual(await Promise.all(Array.from({ length: 20 }, ask)), Array(20).fill(1));
});

import test from 'ava';
import pg from 'pg';
import { testDatabase } from './postgres.ts';

test('every test database is empty and its own', async (t) => {
  const first = await testDatabase(t);
  const second = await testDatabase(t);
  t.not(first, second);
  const client = new pg.Client({ connectionString: first });
  await client.connect();
  await client.query('CREATE TABLE here (id int)');
  await client.end();
  const other = new pg.Client({ connectionString: second });
  await other.connect();
  const { rows } = await other.query("SELECT to_regclass('here') AS here");
  await other.end();
  t.deepEqual(rows, [{ here: null }]);
});

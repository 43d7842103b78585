import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import pg from 'pg';
import { migrate } from '../../../src/adapters/postgres/migrate.ts';
import { testDatabase } from '../../support/postgres.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

test('every migration runs once, also when several processes start', async (t) => {
  const url = await testDatabase(t);
  const runs = await Promise.all([migrate(url), migrate(url), migrate(url)]);
  const ran = runs.flat();
  t.true(ran.includes('0001-feed.sql'));
  t.is(new Set(ran).size, ran.length);
  t.deepEqual(await migrate(url), []);
});

test('a migration that failed leaves nothing and runs again', async (t) => {
  const url = await testDatabase(t);
  const folder = await temporaryFolder(t);
  await writeFile(join(folder, '1.sql'), 'CREATE TABLE one (id int); SELECT nothing_like_this();');
  await t.throwsAsync(migrate(url, folder));
  await writeFile(join(folder, '1.sql'), 'CREATE TABLE one (id int);');
  t.deepEqual(await migrate(url, folder), ['1.sql']);
});

test('an edited migration is refused', async (t) => {
  const url = await testDatabase(t);
  const folder = await temporaryFolder(t);
  await writeFile(join(folder, '1.sql'), 'CREATE TABLE one (id int);');
  await migrate(url, folder);
  await writeFile(join(folder, '1.sql'), 'CREATE TABLE one (id bigint);');
  await writeFile(join(folder, '2.sql'), 'CREATE TABLE two (id int);');
  await t.throwsAsync(migrate(url, folder));
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query("SELECT to_regclass('two') AS two");
  await client.end();
  t.deepEqual(rows, [{ two: null }]);
});

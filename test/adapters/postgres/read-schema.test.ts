import test from 'ava';
import { migrate } from '../../../src/adapters/postgres/migrate.ts';
import { prepareReadModels } from '../../../src/adapters/postgres/read-schema.ts';
import { projections } from '../../../src/projections/registry.ts';
import { testDatabase } from '../../support/postgres.ts';

test('processes that start at once prepare the same tables without a quarrel', async (t) => {
  const url = await testDatabase(t);
  await migrate(url);
  await t.notThrowsAsync(Promise.all([1, 2, 3].map(() => prepareReadModels(url, projections))));
});

import test from 'ava';
import { connect } from '../../src/adapters/postgres/connect.ts';
import { migrate } from '../../src/adapters/postgres/migrate.ts';
import { restoreSkips } from '../../src/backup/skips.ts';
import type { DomainEvent } from '../../src/domain/events.ts';
import { streamOf } from '../../src/domain/streams.ts';
import { projection, sum } from '../../src/projections/projection.ts';
import { memoryLog } from '../support/memory-log.ts';
import { testDatabase } from '../support/postgres.ts';
import { recordedAs } from '../support/recorded.ts';

const changes = projection(
  'changes',
  {
    ...{ meaning: 'One row an alias.', group: 'analytics' },
    ...{ version: 2, key: { alias: 'text' }, columns: { times: sum('bigint') } },
  },
  { RouteChanged: ({ data }) => [{ alias: data.alias, times: 1 }] },
);

const skipped = (schema: string, position: string): DomainEvent => ({
  type: 'EventSkipped',
  data: { projection: 'changes', schema, position },
});

test('skips are those of all builds of the same code, and of no other', async (t) => {
  const databaseUrl = await testDatabase(t);
  await migrate(databaseUrl);
  const client = await connect(databaseUrl, { name: 'test' });
  t.teardown(() => client.end());
  const eventLog = memoryLog();
  const stream = streamOf.readModel('changes');
  const history: readonly DomainEvent[] = [
    skipped('changes_v1', '3'),
    skipped('changes_v2', '5'),
    { type: 'RebuildRequested', data: { projection: 'changes' } },
    skipped('changes_v2_b2', '5'),
    skipped('changes_v2_b12', '8'),
    skipped('changes_v21', '13'),
  ];
  for (const [n, event] of history.entries()) {
    const revision = BigInt(n);
    const expected = n === 0 ? 'no_stream' : revision - 1n;
    await eventLog.append(stream, expected, [recordedAs(event, { stream, revision })]);
  }
  await restoreSkips(client, [changes], eventLog);
  const { rows } = await client.query('SELECT schema, position FROM feed.skips ORDER BY position');
  t.deepEqual(rows, [
    { schema: 'changes_v2', position: '5' },
    { schema: 'changes_v2', position: '8' },
  ]);
});

import test from 'ava';
import pg from 'pg';
import { pino } from 'pino';
import { migrate } from '../../src/adapters/postgres/migrate.ts';
import type { Header } from '../../src/backup/format.ts';
import { refuseTarget, TargetUnusable } from '../../src/backup/target.ts';
import { parseConfig } from '../../src/config.ts';
import { testDatabase } from '../support/postgres.ts';

const header: Header = {
  format: 'llm-member-backup',
  version: 1,
  madeAt: '2026-01-01T00:00:00.000Z',
  position: null,
  log: 'inside',
  migrations: [],
  rows: {
    'vault.secrets': 0,
    'vault.member_keys': 0,
    'journal.calls': 0,
    'feed.positions': 0,
    'feed.relay': 0,
  },
  events: 0,
};

test("a database whose schemas are somebody else's is no target, and an empty one is", async (t) => {
  const url = await testDatabase(t);
  const config = parseConfig({
    DATABASE_URL: url,
    MASTER_KEY: Buffer.alloc(32).toString('base64'),
  });
  const client = new pg.Client(url);
  await client.connect();
  t.teardown(() => client.end());
  const refuse = () =>
    refuseTarget(client, { config, header, logUrl: url, log: pino({ level: 'silent' }) });
  await t.notThrowsAsync(refuse);
  await client.query('CREATE SCHEMA journal');
  await client.query('CREATE TABLE journal.entries (amount numeric)');
  await t.throwsAsync(refuse, { instanceOf: TargetUnusable, message: /journal/ });
  await client.query('DROP SCHEMA journal CASCADE');
  await migrate(url);
  await t.notThrowsAsync(refuse);
});

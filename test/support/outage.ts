import pg from 'pg';
import { databaseUrl } from '../../src/adapters/postgres/embedded-database.ts';

/** Cuts every connection to one database and refuses new ones until `end` is called. */
export async function outage(url: string): Promise<{ end(): Promise<void> }> {
  const name = decodeURIComponent(new URL(url).pathname.slice(1));
  const admin = new pg.Client({ connectionString: databaseUrl(url, 'postgres') });
  await admin.connect();
  const allow = (yes: boolean) =>
    admin.query(`ALTER DATABASE ${admin.escapeIdentifier(name)} ALLOW_CONNECTIONS ${yes}`);
  await allow(false);
  await cut(url);
  return {
    async end() {
      await allow(true);
      await admin.end();
    },
  };
}

/** Cuts every connection to one database, once. */
export async function cut(url: string): Promise<void> {
  const name = decodeURIComponent(new URL(url).pathname.slice(1));
  const admin = new pg.Client({ connectionString: databaseUrl(url, 'postgres') });
  await admin.connect();
  await admin.query(
    'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND pid <> pg_backend_pid()',
    [name],
  );
  await admin.end();
}

import pg from 'pg';

export interface ConnectOptions {
  /** Shown in `pg_stat_activity`. */
  readonly name: string;
  /** How long a statement may take before the connection counts as broken. */
  readonly statementMs?: number;
  /** Called once when an open connection breaks; never for `end`. */
  readonly onBreak?: (error: Error) => void;
}

/** A connection of one's own, outside the pool: for session locks, and for long transactions. */
export async function connect(
  databaseUrl: string,
  { name, statementMs, onBreak }: ConnectOptions,
): Promise<pg.Client> {
  const client = new pg.Client({
    connectionString: inUtc(databaseUrl),
    application_name: `llm-member ${name}`,
    connectionTimeoutMillis: Math.min(statementMs ?? 5_000, 5_000),
    keepAlive: true,
    ...(statementMs === undefined ? {} : { query_timeout: statementMs }),
  });
  // Without a listener a lost connection would end the process.
  client.once('error', (error) => onBreak?.(error));
  client.on('error', () => {});
  try {
    await client.connect();
  } catch (error) {
    closeQuietly(client);
    throw error;
  }
  return client;
}

/** Ends a connection that may be broken already; nobody has to wait for it. */
export function closeQuietly(client: pg.Client): void {
  client.end().catch(() => {});
}

/** The same database with times told in UTC, whatever the server's zone is. */
export function inUtc(databaseUrl: string): string {
  const url = new URL(databaseUrl);
  const options = [url.searchParams.get('options'), '-c TimeZone=UTC'].filter(Boolean);
  url.searchParams.set('options', options.join(' '));
  // Form encoding writes a space as "+", which the drivers don't undo.
  url.search = url.search.replaceAll('+', '%20');
  return url.href;
}

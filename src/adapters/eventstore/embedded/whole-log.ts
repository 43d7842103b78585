import { Client } from 'pg';
import { insertEvents } from './insert-events.ts';
import { logReader } from './log-reader.ts';
import type { RecordedEvent } from './recorded-event.ts';
import { prepareLog } from './schema.ts';
import { writingConnection } from './writing-connection.ts';

/*
 * The node's own table, read and written whole, for backups alone. The protocol has no way to give an
 * event its time and position back, and hides what stream metadata and tombstones hide.
 */

const mostPage = 1_000;
const pageBytes = 2 * 1024 * 1024;
const lockMs = 3_000;

/** The last position of a log; -1 for none. What is up to there never changes any more. */
export async function endOfLog(databaseUrl: string): Promise<number> {
  const client = new Client({ connectionString: databaseUrl, application_name: 'backup (log)' });
  await client.connect();
  try {
    const { rows: found } = await client.query<{ there: boolean }>(
      `SELECT to_regclass('eventlog.event') IS NOT NULL AS there`,
    );
    if (found[0]?.there !== true) return -1;
    const { rows } = await client.query<{ last: string | null }>(
      'SELECT max(position) AS last FROM eventlog.event',
    );
    return Number(rows[0]?.last ?? -1);
  } finally {
    await client.end();
  }
}

/** Every event up to a position, system events and tombstones included, page by page. */
export async function* readWholeLog(
  databaseUrl: string,
  last: number,
): AsyncGenerator<readonly RecordedEvent[]> {
  const reader = logReader(databaseUrl, 1);
  try {
    let size = 64;
    for (let from = 0; from <= last; ) {
      const to = Math.min(last, from + size - 1);
      const events = await reader.all({ from, to });
      yield events;
      const bytes = events.reduce((sum, each) => sum + each.data.length + each.metadata.length, 1);
      size = Math.max(1, Math.min(Math.floor((size * pageBytes) / bytes), size * 4, mostPage));
      from = to + 1;
    }
  } finally {
    await reader.close();
  }
}

/** Whether a log has nothing but the event that every log begins with. */
export const isEmptyLog = async (databaseUrl: string): Promise<boolean> =>
  (await endOfLog(databaseUrl)) <= 0;

/** Puts these events in the place of all that is in the log, wholly or not at all; no node may write. */
export async function writeWholeLog(
  databaseUrl: string,
  pages: AsyncIterable<readonly RecordedEvent[]>,
): Promise<void> {
  const { client } = await writingConnection(databaseUrl, lockMs);
  try {
    await prepareLog(client, '0');
    await client.query('BEGIN');
    await client.query('TRUNCATE eventlog.event');
    for await (const events of pages) if (events.length > 0) await insertEvents(client, events);
    await client.query('COMMIT');
    await client.query('ANALYZE eventlog.event');
  } finally {
    await client.end();
  }
}

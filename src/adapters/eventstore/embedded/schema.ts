import type { Client } from 'pg';

/** The first event of every log, as a real node also begins with system events. */
const settings = JSON.stringify({
  $userStreamAcl: { $r: '$all', $w: '$all', $d: '$all', $mr: '$all', $mw: '$all' },
  $systemStreamAcl: { $r: '$admins', $w: '$admins', $d: '$admins', $mr: '$admins', $mw: '$admins' },
});

const statements = [
  'CREATE SCHEMA IF NOT EXISTS eventlog',
  `CREATE TABLE IF NOT EXISTS eventlog.event (
     position bigint NOT NULL PRIMARY KEY,
     stream   text COLLATE "C" NOT NULL,
     revision bigint NOT NULL,
     id       uuid NOT NULL,
     type     text COLLATE "C" NOT NULL,
     created  bigint NOT NULL,
     is_json  boolean NOT NULL,
     data     bytea NOT NULL,
     metadata bytea NOT NULL,
     UNIQUE (stream, revision)
   )`,
  `COMMENT ON TABLE eventlog.event IS
     'The event log. position is gap-free; created counts 100 ns ticks since 1970. Written by the event node alone.'`,
];

/** Creates what is missing and returns the last position of the log. */
export async function prepareLog(client: Client, createdTicks: string): Promise<number> {
  for (const statement of statements) await client.query(statement);
  await client.query(
    `INSERT INTO eventlog.event
     SELECT 0, '$settings', 0, gen_random_uuid(), '$settings', $1::bigint, true, convert_to($2, 'UTF8'), ''
     WHERE NOT EXISTS (SELECT FROM eventlog.event)`,
    [createdTicks, settings],
  );
  return lastPosition(client);
}

export async function lastPosition(client: Client): Promise<number> {
  const { rows } = await client.query<{ last: string }>(
    'SELECT max(position) AS last FROM eventlog.event',
  );
  return Number(rows[0]?.last ?? -1);
}

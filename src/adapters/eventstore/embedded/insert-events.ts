import type { Client } from 'pg';
import type { RecordedEvent } from './recorded-event.ts';

/**
 * All events of a batch in one statement, hence one transaction. Data and metadata travel as one binary
 * parameter and are cut on the server: arrays of bytea would be escaped as text.
 */
const statement = `
  INSERT INTO eventlog.event (position, stream, revision, id, type, created, is_json, data, metadata)
  SELECT $1::bigint + n - 1, stream, revision, id, type, created, is_json,
         substring($9::bytea FROM start FOR data), substring($9::bytea FROM start + data FOR metadata)
  FROM unnest($2::text[], $3::bigint[], $4::uuid[], $5::text[], $6::bigint[], $7::boolean[],
              $8::int[], $10::int[], $11::int[])
    WITH ORDINALITY AS e(stream, revision, id, type, created, is_json, start, data, metadata, n)`;

export async function insertEvents(
  client: Client,
  events: readonly RecordedEvent[],
): Promise<void> {
  const starts: number[] = [];
  const parts: Uint8Array[] = [];
  let start = 1;
  for (const { data, metadata } of events) {
    starts.push(start);
    parts.push(data, metadata);
    start += data.length + metadata.length;
  }
  await client.query({
    name: 'insert',
    text: statement,
    values: [
      events[0]?.position,
      events.map((event) => event.stream),
      plain(events.map((event) => event.revision)),
      plain(events.map((event) => event.id)),
      events.map((event) => event.type),
      plain(events.map((event) => event.created)),
      plain(events.map((event) => event.isJson)),
      plain(starts),
      Buffer.concat(parts),
      plain(events.map((event) => event.data.length)),
      plain(events.map((event) => event.metadata.length)),
    ],
  });
}

/** An array of what needs no escaping, as Postgres reads it: the client would look for quotes in every number. */
const plain = (values: readonly (string | number | boolean)[]): string => `{${values.join(',')}}`;

import { Pool } from 'pg';
import type { StoredId } from './decide.ts';
import type { RecordedEvent } from './recorded-event.ts';
import { tune } from './writing-connection.ts';

export interface StoredHead {
  readonly stream: string;
  readonly revision: string | null;
  readonly metaRevision: string | null;
  readonly metadata: Uint8Array | null;
}

/** Every read of the table; ranges are inclusive, and dense because positions and revisions have no gaps. */
export interface LogReader {
  all(range: { from: number; to: number; prefixes?: readonly string[] }): Promise<RecordedEvent[]>;
  stream(range: {
    stream: string;
    from: number;
    to: number;
    createdAfter: string;
  }): Promise<RecordedEvent[]>;
  /** Last revisions of streams and of their metadata streams. */
  heads(streams: readonly string[]): Promise<StoredHead[]>;
  idsOf(stream: string, from: number, to: number): Promise<StoredId[]>;
  /** The events at (stream, revision) pairs, those that exist. */
  at(keys: readonly { stream: string; revision: number }[]): Promise<RecordedEvent[]>;
  close(): Promise<void>;
}

type Row = [string, string, string, string, string, string, boolean, Buffer, Buffer];

const columns =
  'e.position, e.stream, e.revision, e.id, e.type, e.created, e.is_json, e.data, e.metadata';

const statements = {
  all: `SELECT ${columns} FROM eventlog.event e WHERE e.position BETWEEN $1 AND $2 ORDER BY e.position`,
  allOfPrefixes: `SELECT ${columns} FROM eventlog.event e
    WHERE e.position BETWEEN $1 AND $2 AND e.stream ^@ ANY($3::text[]) ORDER BY e.position`,
  stream: `SELECT ${columns} FROM eventlog.event e
    WHERE e.stream = $1 AND e.revision BETWEEN $2 AND $3 AND e.created >= $4 ORDER BY e.revision`,
  heads: `SELECT s.name, h.revision, m.revision, m.data FROM unnest($1::text[]) AS s(name)
    LEFT JOIN LATERAL (SELECT e.revision FROM eventlog.event e
      WHERE e.stream = s.name ORDER BY e.revision DESC LIMIT 1) h ON true
    LEFT JOIN LATERAL (SELECT e.revision, e.data FROM eventlog.event e
      WHERE e.stream = '$$' || s.name ORDER BY e.revision DESC LIMIT 1) m ON true`,
  ids: `SELECT e.id, e.position FROM eventlog.event e
    WHERE e.stream = $1 AND e.revision BETWEEN $2 AND $3 ORDER BY e.revision`,
  at: `SELECT ${columns} FROM unnest($1::text[], $2::bigint[]) AS k(stream, revision)
    JOIN eventlog.event e ON e.stream = k.stream AND e.revision = k.revision`,
};

export function logReader(databaseUrl: string, connections: number): LogReader {
  const pool = new Pool({
    connectionString: databaseUrl,
    application_name: 'event node (reader)',
    max: connections,
    idleTimeoutMillis: 0,
    onConnect: tune,
  });
  // A lost idle connection is replaced on the next query, which reports whatever is wrong.
  pool.on('error', () => undefined);

  const rows = async <T extends unknown[]>(name: keyof typeof statements, values: unknown[]) =>
    (await pool.query<T>({ name, text: statements[name], values, rowMode: 'array' })).rows;
  const events = async (name: keyof typeof statements, values: unknown[]) =>
    (await rows<Row>(name, values)).map(toEvent);

  return {
    all: ({ from, to, prefixes }) =>
      prefixes === undefined
        ? events('all', [from, to])
        : events('allOfPrefixes', [from, to, prefixes]),
    stream: ({ stream, from, to, createdAfter }) =>
      events('stream', [stream, from, to, createdAfter]),
    heads: async (streams) =>
      (await rows<[string, string | null, string | null, Buffer | null]>('heads', [streams])).map(
        ([stream, revision, metaRevision, metadata]) => ({
          stream,
          revision,
          metaRevision,
          metadata,
        }),
      ),
    idsOf: async (stream, from, to) =>
      (await rows<[string, string]>('ids', [stream, from, to])).map(([id, position]) => ({
        id,
        position: Number(position),
      })),
    at: (keys) => events('at', [keys.map((key) => key.stream), keys.map((key) => key.revision)]),
    close: () => pool.end(),
  };
}

function toEvent(row: Row): RecordedEvent {
  const [position, stream, revision, id, type, created, isJson, data, metadata] = row;
  return {
    position: Number(position),
    stream,
    revision,
    id,
    type,
    created,
    isJson,
    data,
    metadata,
  };
}

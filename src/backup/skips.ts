import type pg from 'pg';
import type { Log } from '../adapters/eventstore/log.ts';
import { isSchemaOf } from '../adapters/postgres/builds.ts';
import { decode } from '../domain/events.ts';
import { streamOf } from '../domain/streams.ts';
import type { Projection } from '../projections/projection.ts';
import { schemaOf } from '../projections/table.ts';

/**
 * Has the first build of every read model leave out what people let a build of the same code leave out,
 * as the log tells: every skip is an event there.
 */
export async function restoreSkips(
  client: pg.ClientBase,
  projections: readonly Projection[],
  eventLog: Pick<Log, 'read'>,
): Promise<void> {
  for (const projection of projections) {
    await client.query(
      'INSERT INTO feed.skips SELECT $1, unnest($2::bigint[]) ON CONFLICT DO NOTHING',
      [schemaOf(projection), await skippedOf(projection, eventLog)],
    );
  }
}

async function skippedOf(
  projection: Projection,
  { read }: Pick<Log, 'read'>,
): Promise<readonly string[]> {
  const positions: string[] = [];
  for await (const stored of read(streamOf.readModel(projection.name))) {
    const { type, data } = decode(stored);
    // Other code may be able to take it.
    if (type !== 'EventSkipped' || !isSchemaOf(projection, data.schema)) continue;
    positions.push(data.position);
  }
  return positions;
}

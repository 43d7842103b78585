import pg from 'pg';
import type { Recorded } from '../../domain/events.ts';
import type { Folded } from '../../projections/fold.ts';
import { fold } from '../../projections/fold.ts';
import type { Projection } from '../../projections/projection.ts';
import { schemaOf, upsertOf } from '../../projections/table.ts';
import { moveCheckpoints } from './checkpoints.ts';
import type { Lane } from './lanes.ts';
import { running, unseen } from './lanes.ts';

/** A read model's handler, or its table, refuses something in a batch. */
export class Unfit extends Error {
  override readonly name = 'Unfit';
  readonly lane: Lane;

  constructor(lane: Lane, options: ErrorOptions) {
    super(`${lane.projection.name} can't take this batch.`, options);
    this.lane = lane;
  }
}

/**
 * Writes a batch into every running lane's table, with the checkpoints, in one transaction. False,
 * and nothing written, when a checkpoint isn't where this process believes it to be.
 */
export async function writeBatch(
  client: pg.ClientBase,
  lanes: readonly Lane[],
  events: readonly Recorded[],
): Promise<boolean> {
  const last = events.at(-1)?.position;
  const behind = running(lanes).filter((lane) => unseen(lane, events).length > 0);
  if (last === undefined || behind.length === 0) return true;
  const folded = behind.map((lane) => ({ lane, rows: foldFor(lane, events) }));
  const moves = behind.map(({ projection, position }) => ({
    consumer: projection,
    from: position,
    to: last,
  }));
  await client.query('BEGIN');
  try {
    if (!(await moveCheckpoints(client, moves))) {
      await client.query('ROLLBACK');
      return false;
    }
    for (const { lane, rows } of folded) if (rows.rows > 0) await writeRows(client, lane, rows);
    await client.query('COMMIT');
  } catch (error) {
    // A connection that is gone has rolled back by itself.
    await client.query('ROLLBACK').catch(() => {});
    throw error;
  }
  for (const lane of behind) lane.position = last;
  return true;
}

function foldFor(lane: Lane, events: readonly Recorded[]): Folded {
  try {
    return fold(lane.projection, unseen(lane, events));
  } catch (error) {
    throw new Unfit(lane, { cause: error });
  }
}

async function writeRows(client: pg.ClientBase, lane: Lane, { values }: Folded): Promise<void> {
  try {
    await client.query({ ...upsertFor(lane.projection), values: values.map(arrayText) });
  } catch (error) {
    throw isAboutData(error) ? new Unfit(lane, { cause: error }) : error;
  }
}

/** An array of text as Postgres reads it; the client's own way there takes several times as long. */
function arrayText(values: readonly (string | null)[]): string {
  return `{${values.map((value) => (value === null ? 'NULL' : quoted(value))).join(',')}}`;
}

const quoted = (text: string): string =>
  /["\\]/.test(text) ? `"${text.replaceAll(/["\\]/g, '\\$&')}"` : `"${text}"`;

/** SQLSTATE classes 22 and 23: the same rows would be refused again. */
const isAboutData = (error: unknown): boolean =>
  error instanceof pg.DatabaseError && /^2[23]/.test(error.code ?? '');

const prepared = new WeakMap<Projection, { readonly name: string; readonly text: string }>();

function upsertFor(projection: Projection): { readonly name: string; readonly text: string } {
  const known = prepared.get(projection);
  if (known) return known;
  const statement = { name: `upsert-${schemaOf(projection)}`, text: upsertOf(projection) };
  prepared.set(projection, statement);
  return statement;
}
